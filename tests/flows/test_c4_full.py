"""C4's whole English sequence by one command: every step decides, and the bytes do not depend on how it ran."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from maslin.flows.cli import main
from maslin.manifests.files import read_json
from maslin.manifests.tables import read_table
from maslin.manifests.workspace import read_manifest
from tests.curation.models import needs_model
from tests.flows.test_laws import content

pytest.importorskip("langdetect", reason="the optional package langdetect is not installed")
pytestmark = [pytest.mark.slow, needs_model("punkt_english")]

RECIPE = """\
name: full
sources: {web: {kind: jsonl, paths: ["pages-*.jsonl.gz"]}}
corpora: {web: {from: web, steps: [c4_full, exact_dedup]}}
"""
SHARED = "This line stands on many pages of the crawl."


def english(number: int) -> str:
    return (
        f"The river of page {number} flows quietly through the old town.\n"
        f"Nobody knows how many people walked along it in the year {1000 + number}.\n"
        f"They would have told us if only we had asked them all {number} questions.")


def write_inputs(folder: Path) -> Path:
    pages = {f"https://www.example.org/{k}": f"{SHARED}\n{english(k)}" for k in range(30)}
    pages |= {
        "https://example.org/long": "word " * 40_000, "https://example.org/short": "Too short.",
        "https://example.org/shared": f"{SHARED}\n{english(3)}",
        "https://example.org/german": "Das ist ein ganz gewöhnlicher deutscher Satz.\n"
        "Niemand weiß, wie viele Menschen hier gewohnt haben.\nSie hätten es uns erzählt, wenn wir gefragt hätten.",
        "https://example.org/rude": english(50) + "\nYou are a total asshole, he said to them.",
    }
    rows = [{"id": url, "url": url, "date": "2019-04-01", "text": text} for url, text in pages.items()]
    rows.append({"id": "newer", "url": "http://example.org/5/", "date": "2019-04-02", "text": english(5)})
    folder.mkdir(exist_ok=True)
    for part in range(3):
        with gzip.open(folder / f"pages-{part}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows[part::3])
    (folder / "recipe.yaml").write_text(RECIPE)
    return folder / "recipe.yaml"


def curate(recipe: Path, workspace: Path, workers: int) -> Path:
    """Curate; returns the corpus's directory."""
    command = ["curate", recipe, "--workspace", workspace, "--prefect", "off", "--workers", workers]
    assert main([str(argument) for argument in command]) == 0
    return workspace / read_json(workspace / "recipes" / "full.lock.json")["corpora"]["web"]


def test_every_step_decides_and_the_bytes_do_not_depend_on_workers(tmp_path):
    recipe = write_inputs(tmp_path / "inputs")
    corpus = curate(recipe, tmp_path / "one", 1)
    ledger = [row for path in sorted(corpus.glob("ledger/*.parquet")) for row in read_table(path).to_pylist()]
    manifest = read_manifest(corpus)
    reasons = Counter((row["step"], row["rule"]) for row in ledger)
    assert reasons == {
        ("c4_length", "c4_length"): 1, ("c4_url_dedup", "c4_url_dedup"): 1, ("c4", "too_few_sentences"): 1,
        ("c4_line_dedup", "empty"): 1, ("language", "language"): 1, ("offensive", "offensive"): 1}
    assert manifest.counted().read == 36 == manifest.counted().kept + len(ledger)
    texts = [text for path in corpus.glob("documents/*.parquet") for text in read_table(path)["text"].to_pylist()]
    assert sum(SHARED in text for text in texts) == 1
    assert manifest.counted().edited["c4_line_dedup"] >= 28
    assert curate(recipe, tmp_path / "three", 3).name == corpus.name
    assert content(tmp_path / "three") == content(tmp_path / "one")
