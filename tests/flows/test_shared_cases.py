"""The fault cases that may lie beside the checkout, each as its EXPECT.txt says: by the command, from recipe to texts.

Each stands for a kind whose own tests, with inputs of their own, lie with the code; here is nothing but the cases.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from maslin.flows.cli import main
from maslin.manifests.files import read_json
from tests.shared_data import SHARED

pytestmark = pytest.mark.slow
FOLDER = SHARED / "cases"


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code, what it said, the rows of its documents and ledgers."""

    code: int
    said: str
    rows: list[dict[str, Any]]
    ledger: list[dict[str, Any]]
    counts: dict[str, Any]
    built: set[str]

    @property
    def texts(self) -> list[str]:
        return [row["text"] for row in self.rows]

    @property
    def text(self) -> str:
        (only,) = self.texts
        return only


def _rows(folder: Path, pattern: str) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob(pattern)) for row in pq.read_table(path).to_pylist()]


def _is_dropped_as_no_page(records: int) -> Callable[[Outcome], bool]:
    return lambda out: not out.rows and out.counts["dropped"] == {"not_html": records}


def _lines(text: str) -> list[set[str]]:
    return [set(line.split()) for line in text.splitlines()]


def _has_no_glued_rows(out: Outcome) -> bool:
    lines = _lines(out.text)
    glued = any({"(1)", "2019"} <= line or {"6", "7"} <= line for line in lines)
    return not glued and "\n\n2019" in out.text


def _holds(*words: str, without: tuple[str, ...] = ()) -> Callable[[Outcome], bool]:
    """All words in the documents, in whichever, and none of the others."""

    def check(out: Outcome) -> bool:
        text = "\n\n".join(out.texts)
        return all(word in text for word in words) and not any(word in text for word in without)

    return check


def _documents(number: int) -> Callable[[Outcome], bool]:
    return lambda out: len(out.rows) == number


def _one_near_duplicate_left(out: Outcome) -> bool:
    (row,) = out.ledger
    pair = {text for text in out.texts if text[:20] == row["text_prefix"][:20]}
    return row["rule"] == "near_dedup" and len(pair) == 2 and row["similarity"] > 0.95


# name: command, exit code, what must hold
CASES: dict[str, tuple[str, int, Callable[[Outcome], bool]]] = {
    "arc-space-in-url": ("curate", 0, lambda out: [row["url"].rpartition("/")[2] for row in out.rows] == [
        "a", "form.cfm?file=WEL 802.02(B)&c=L", "c"]),
    "charset-meta-not-a-meta": ("curate", 0, lambda out: [text[:12] for text in out.texts] == ["Съезд учёных"] * 2),
    "charset-utf8-one-bad-byte": ("curate", 0, lambda out: "Das Gerät für Übung." in out.text
                                  and out.text.count("\ufffd") <= 1 and "Ã" not in out.text),
    "compare-fails-late": ("compare", 3, lambda out: "mixture n: corpus t has 32 tokens" in out.said
                           and not out.built & {"run", "stack", "evaluation"}),
    "folder-with-other-files": ("curate", 0, lambda out: len(out.rows) == 8 and not out.counts["failed"]
                                and "README.md" in out.said),
    "html-formulas": ("curate", 0, _holds("E=mc^2", "1/12", "a^2+b^2=c^2", without=("112",))),
    "html-shadow-root": ("curate", 0, _holds("(0)", "(1)", "(2)")),
    "html-table-empty-cell": ("curate", 0, _has_no_glued_rows),
    "jsonl-compression-by-content": ("curate", 0, _documents(16)),
    "language-unknown-code": ("curate", 2, lambda out: "`eng`" in out.said and "`en`" in out.said and not out.built),
    "licence-tag-unreadable": ("curate", 0, lambda out: {row["url"][-5:]: row["licence"] for row in out.rows} == {
        "a.sol": None, "/b.py": None, "/c.py": "MIT"}),
    "near-dedup-chinese": ("curate", 0, _one_near_duplicate_left),
    "parquet-named-column-missing": ("curate", 2, lambda out: "`blob_idd`" in out.said and "blob_id," in out.said),
    "parquet-string-view": ("curate", 0, lambda out: len({row["id"] for row in out.rows}) == 8),
    "paths-same-file-twice": ("curate", 0, _documents(16)),
    "recipe-folder-[v2]": ("curate", 0, _documents(8)),
    "tokenizer-long-run": ("mix", 3, lambda out: "tokenizer" in out.built and "max_epochs" in out.said),
    "warc-binary-as-html": ("curate", 3, _is_dropped_as_no_page(3)),
    "warc-chunked-broken-end": ("curate", 0, _holds("(0)", "(2)", without=("12c",))),
    "warc-content-type-list": ("curate", 0, _documents(3)),
    "warc-feed-as-html": ("curate", 3, _is_dropped_as_no_page(1)),
    "warc-interim-response": ("curate", 0, _documents(1)),
    "wiki-convert-ranges": ("curate", 0, _holds("2 × 4 × 6 m", "100 ± 5 m", "1 + 1/2 in", "3.5 million acres")),
    "wiki-glossary": ("curate", 0, _holds("abaft", "Toward the stern, relative to some object.", "aback",
                                          "A sail with the wind on the wrong side.")),
    "wiki-html-table": ("curate", 0, _holds("Country | Capital\nFrance | Paris")),
    "wiki-inline-code": ("curate", 0, lambda out: out.text == 'The printf("x") function prints.'),
    "wiki-interwiki-label": ("curate", 0, _holds("travel guide", "the manual", "RFC 2616", without=("fr:",))),
    "wiki-langx": ("curate", 0, _holds("München", "festina lente")),
    "wiki-magic-words": ("curate", 0, _holds("__FILE__", "__LINE__", without=("toc__", "TOC__", "----"))),
    "wiki-math-templates": ("curate", 0, _holds("a^2 + b^2", "|x| < 3", without=("equals,",))),
    "wiki-other-projects": ("curate", 0, _holds("nuclear weapons", "nuclear power", "12 mai 1950", "5 km",
                                                "XIXe siècle", "aïkibudo")),
    "wiki-values-lost": ("curate", 0, _holds("¥500", "A$20", "CA$7", "5", "Nimitz-class aircraft carrier", "3 May")),
    "wiki-zh-variants": ("curate", 0, lambda out: out.text == "電腦软件是简体。"),
    "xhtml-self-closing": ("curate", 0, _holds("(0)", "(1)", "(2)")),
}


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_as_it_should_be(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if not FOLDER.exists():
        pytest.skip("the fault cases are not beside this checkout")
    command, code, holds = CASES[name]
    shutil.copytree(FOLDER / name, tmp_path / name)
    recipe, workspace = tmp_path / name / "recipe.yaml", tmp_path / "work"
    ended = main([command, str(recipe), "--workspace", str(workspace), "--prefect", "off", "--engine", "serial"])
    manifest = next(workspace.glob("documents/*/manifest.json"), None)
    out = Outcome(
        ended, "".join(capfd.readouterr()), _rows(workspace, "documents/*/documents/*.parquet"),
        _rows(workspace, "corpus/*/ledger/*.parquet"), read_json(manifest)["counts"] if manifest else {},
        {path.parts[-2] for path in workspace.glob("*/*@*")} if workspace.exists() else set())
    assert ended == code, out.said
    assert holds(out), (out.texts[:3], out.ledger[:3], out.said)


def test_every_case_has_its_line() -> None:
    if not FOLDER.exists():
        pytest.skip("the fault cases are not beside this checkout")
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == set(CASES)
