"""Data that do not allow what was asked: exit 3, one clear message, what could be built is kept and marked."""

import gzip
import json
from pathlib import Path

import pytest

from maslin.flows.cli import main
from maslin.manifests.files import read_json
from tests.flows.small_inputs import write_all, write_crawl

pytestmark = pytest.mark.slow


def curate(folder: Path, recipe: str, capsys, command: str = "curate") -> tuple[int, str]:
    path = folder / "r.yaml"
    path.write_text(recipe)
    code = main([command, str(path), "--workspace", str(folder / "ws"), "--prefect", "off", "--workers", "1"])
    return code, capsys.readouterr().err


def manifest(folder: Path, kind: str) -> dict:
    return read_json(next(folder.glob(f"ws/{kind}/*@*/manifest.json")))


WARC = "name: n\nsources: {web: {kind: warc, paths: ['*.warc.gz']}}\n"


@pytest.mark.parametrize(("content", "cause"), [
    (b"", "empty_file"),
    (b"this is not a web archive at all", "not_warc"),
    (gzip.compress(b"neither is this"), "not_warc"),
])
def test_a_file_that_is_no_archive(tmp_path, capsys, content, cause):
    (tmp_path / "bad.warc.gz").write_bytes(content)
    code, message = curate(tmp_path, WARC, capsys)
    assert code == 3 and f"failed ({cause} 1), more than max_failed 0.05 allows" in message
    assert "Traceback" not in message
    documents = manifest(tmp_path, "documents")
    assert documents["complete"] is False and documents["counts"]["failed"] == {cause: 1}


def test_a_cut_file_among_good_ones_is_a_failure_in_the_manifest_and_no_more(tmp_path, capsys):
    page = "<html><body><article><p>One line of text that is long enough to be kept here.</p></article></body></html>"
    write_crawl(tmp_path / "good.warc.gz", [(f"http://a.test/{n}", page + str(n)) for n in range(30)])
    cut = (tmp_path / "good.warc.gz").read_bytes().replace(b"a.test", b"b.test")[:-40]
    (tmp_path / "cut.warc.gz").write_bytes(cut)
    code, message = curate(tmp_path, WARC, capsys)
    counts = manifest(tmp_path, "documents")["counts"]
    assert code == 0 and counts["failed"] == {"truncated": 1} and counts["kept"] == 30, (message, counts)
    assert "maslin: warning: source web: 1 of " in message and "records failed (truncated 1)" in message


def test_an_empty_corpus_is_said_and_stops_what_comes_after(tmp_path, capsys):
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "Too short."}) + "\n")
    recipe = ("name: n\nsources: {s: {kind: jsonl, paths: [a.jsonl]}}\ncorpora: {c: {from: s, steps: [c4]}}\n"
              "mixtures: {m: {c: 1}}\n")
    code, message = curate(tmp_path, recipe, capsys, "mix")
    assert code == 3 and "corpus c came out empty: of 1 documents none was kept (too_few_sentences 1)" in message
    assert manifest(tmp_path, "corpus")["counts"]["kept"] == 0 and not list(tmp_path.glob("ws/mixture/*"))


def test_bad_lines_are_counted_and_named(tmp_path, capsys):
    good = b"".join(json.dumps({"id": str(n), "text": f"text {n}"}).encode() + b"\n" for n in range(60))
    (tmp_path / "a.jsonl").write_bytes(good + b'{"text": "\xff\xfe"}\n{"text": \n{"id": "x"}\n')
    code, _ = curate(tmp_path, "name: n\nsources: {s: {kind: jsonl, paths: [a.jsonl]}}\n", capsys)
    counts = manifest(tmp_path, "documents")["counts"]
    assert code == 0 and counts["kept"] == 60
    assert counts["failed"] == {"invalid_utf8": 1, "invalid_json": 1, "no_text": 1}


def test_a_corpus_that_would_repeat_too_often_is_refused_with_the_number(tmp_path, capsys):
    recipe = write_all(tmp_path).read_text().replace("max_epochs: 1000", "max_epochs: 0.1")
    code, message = curate(tmp_path, recipe, capsys, "mix")
    assert code == 3 and "mixture text-only: corpus web-no-code has" in message
    assert "more than max_epochs 0.1" in message and "Traceback" not in message


def test_limit_reads_only_so_many_records(tmp_path, capsys):
    recipe = write_all(tmp_path)
    assert main(["curate", str(recipe), "--workspace", str(tmp_path / "ws"), "--prefect", "off", "--limit", "10"]) == 0
    assert {read_json(path)["counts"]["read"] for path in tmp_path.glob("ws/documents/*@*/manifest.json")} <= {5, 10}


def test_texts_too_short_for_near_dedup_are_counted(tmp_path, capsys):
    texts = ["Too short.", "Short too.", "世界人权宣言", "This one has words enough."]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    (tmp_path / "r.yaml").write_text(
        "name: n\nsources: {s: {kind: jsonl, paths: [a.jsonl]}}\ncorpora: {c: {from: s, steps: [near_dedup]}}\n")
    assert main(["curate", str(tmp_path / "r.yaml"), "--workspace", str(tmp_path / "ws"), "--prefect", "off"]) == 0
    assert "  2 documents have fewer words than near_dedup compares at a time" in capsys.readouterr().out
