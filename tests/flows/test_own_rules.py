"""A recipe with a rule of one's own, from the command to the evidence, with processes of its own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from maslin.curation.evidence.corpora import corpora_of
from maslin.flows.cli import main
from maslin.manifests.files import read_json
from maslin.manifests.tables import iter_tables
from maslin.manifests.workspace import read_manifest
from tests.docs.pages import examples

pytestmark = pytest.mark.slow

RECIPE = """\
name: own
sources:
  web: {kind: jsonl, paths: ["web-*.jsonl"]}
corpora:
  web:
    from: web
    steps:
      - rule: {file: rules/my_rules.py, name: too_many_emojis, with: {max_share: 0.1}}
      - rule: {file: rules/my_rules.py, name: without_signature}
      - exact_dedup
mixtures:
  only: {web: 1.0}
  again: {web: 1.0}
comparison: {baseline: only, domains: [web], held_out_share: 0.2}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "rules").mkdir()
    for name in ("my_rules.py", "emojis.py"):
        (folder / "rules" / name).write_text(examples("extending.md")[name])
    rules = folder / "rules" / "my_rules.py"
    rules.write_text(rules.read_text().replace(
        '    return {"emoji_share"', '    assert "BOOM" not in text\n    return {"emoji_share"'))
    for part in range(3):
        rows = [{"id": f"{part}-{n}", "url": f"https://a.test/{part}/{n}", "text": (
            f"page {part} {n}" + "\U0001f600" * (n % 7) + " BOOM" * (n % 10 == 3) + "\n--\nme" * (n % 3 == 0))}
            for n in range(40)]
        (folder / f"web-{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "recipe.yaml").write_text(RECIPE)
    return folder


def curate(folder: Path, workspace: str, workers: int) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "maslin.flows.cli", "curate", folder / "recipe.yaml", "--workspace", folder / workspace,
         "--workers", str(workers), "--prefect", "off"], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def corpus(folder):
    done = curate(folder, "work", 2)
    assert done.returncode == 0, done.stderr
    assert "too_many_emojis: " in done.stderr and "documents a CPU-second" in done.stderr
    (directory,) = corpora_of("web", folder / "work")
    return directory


def test_failed_documents_are_named_and_all_are_accounted_for(corpus):
    counts = read_manifest(corpus).counted()
    counts.check_conservation("the corpus")
    assert counts.failed == {"rule_error": 12} and counts.dropped["too_many_emojis"] > 20
    assert counts.edited["without_signature"] > 10
    failed = [row for table in iter_tables(sorted((corpus / "ledger").iterdir())) for row in table.to_pylist()
              if row["action"] == "fail"]
    assert {row["detail"].split(": ")[1] for row in failed} == {"AssertionError"}
    assert all(row["detail"].startswith("my_rules.py:") for row in failed)


def test_held_out_documents_pass_it_and_the_rate_is_measured(folder, corpus):
    (held_out,) = (folder / "work" / "held_out").iterdir()
    assert read_manifest(held_out).counted().kept > 0
    (segment,) = (folder / "work" / "segment").iterdir()
    for directory in (held_out, segment):
        assert read_json(directory / "measured.json")["own_rules"]["too_many_emojis"]["documents_per_cpu_s"] > 0


def test_any_number_of_workers_and_any_place_give_the_same_bytes(folder, corpus, tmp_path):
    shutil.copytree(folder, tmp_path / "there", ignore=shutil.ignore_patterns("work"))
    assert curate(tmp_path / "there", "other", 1).returncode == 0
    (other,) = corpora_of("web", tmp_path / "there" / "other")
    assert other.name == corpus.name
    assert (other / "manifest.json").read_bytes() == (corpus / "manifest.json").read_bytes()


def test_the_evidence_needs_no_code(folder, corpus, tmp_path, capsys):
    shutil.copytree(folder / "work", tmp_path / "work")

    def maslin(*arguments: str) -> str:
        assert main([*arguments, "--workspace", str(tmp_path / "work")]) == 0
        return capsys.readouterr().out

    said = maslin("explain", "https://a.test/0/13")
    assert "rule_error (my_rules.py:" in said and "(our guideline, 2026)" in said
    assert "emoji_share 0.3" in maslin("explain", "https://a.test/0/6")
    assert "rule_error" in maslin("funnel", "web")
    assert "dropped by too_many_emojis" in maslin("sample", "web", "--dropped-by", "too_many_emojis", "-n", "1")
    said = maslin("rules", "try", "web", "--set", "too_many_emojis.max_share=0.25")
    assert "not judged again from their texts: the code of too_many_emojis" in said
    shutil.copytree(folder / "rules", tmp_path / "rules")
    shutil.copy(folder / "recipe.yaml", tmp_path / "recipe.yaml")
    said = maslin("rules", "try", str(tmp_path / "recipe.yaml"), "--set", "too_many_emojis.max_share=0.25")
    assert "judged again from their texts: all" in said


def test_a_changed_helper_is_another_corpus(folder, corpus, tmp_path):
    shutil.copytree(folder, tmp_path / "there", ignore=shutil.ignore_patterns("work"))
    helper = tmp_path / "there" / "rules" / "emojis.py"
    helper.write_text(helper.read_text().replace("1faff", "1f5ff"))
    done = curate(tmp_path / "there", "work", 2)
    assert done.returncode == 0, done.stderr
    (other,) = corpora_of("web", tmp_path / "there" / "work")
    assert other.name != corpus.name and "too_many_emojis" not in read_manifest(other).counted().dropped


def test_a_rule_of_chance_is_refused(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "there", ignore=shutil.ignore_patterns("work"))
    rules = tmp_path / "there" / "rules" / "my_rules.py"
    rules.write_text(rules.read_text().replace('{"emoji_share":', '{"emoji_share": __import__("random").random() +'))
    done = curate(tmp_path / "there", "work", 2)
    assert done.returncode == 2
    assert "too_many_emojis: this rule answers differently when it is asked twice" in done.stderr
    assert not list((tmp_path / "there" / "work" / "segment").glob("*/manifest.json"))
