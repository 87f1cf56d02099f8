"""Crawls one after the other: a later one held against what an earlier one left, and mixtures by what was counted."""

import json
import shutil

import pyarrow.parquet as pq
import pytest

from maslin.flows.cli import main
from maslin.manifests.files import read_json

pytestmark = pytest.mark.slow


def text(number, more=""):
    return " ".join(f"word{number * 100 + place}" for place in range(60)) + more


def write(folder, name, rows):
    (folder / f"{name}.jsonl").write_text("".join(
        json.dumps({"id": f"{name}-{number}", "text": row, "url": f"http://{name}.test/{number}"}) + "\n"
        for number, row in enumerate(rows)))


def run(command, recipe, workspace, capsys, *more):
    code = main([command, str(recipe), "--workspace", str(workspace), *more])
    said = capsys.readouterr()
    return code, said.out + said.err


def build(folder, name, steps, capsys, command="curate", workspace="ws", more=""):
    recipe = folder / f"{name}.yaml"
    recipe.write_text(f"name: {name}\nsources: {{web: {{kind: jsonl, paths: [{name}.jsonl]}}}}\n"
                      f"corpora:\n  web: {{from: web, steps: {steps}}}\n{more}")
    return run(command, recipe, folder / workspace, capsys, "--workers", "1", "--prefect", "off")


def corpus(folder, name, workspace="ws"):
    return (folder / workspace / "latest" / name / "corpora/web").resolve()


def rows(directory, table):
    return [row for path in sorted(directory.glob(f"{table}/*.parquet")) for row in pq.read_table(path).to_pylist()]


FIRST = [text(0), text(1), text(2), text(3)]
SECOND = [text(1), text(2, " and more"), text(4), text(4), text(5).upper(), text(5)]
AGAINST = "[{exact_dedup: {by: normalised_text, against: EARLIER}}, {near_dedup: {against: [EARLIER]}}]"


@pytest.fixture
def crawls(tmp_path, capsys):
    write(tmp_path, "first", FIRST)
    write(tmp_path, "second", SECOND)
    assert build(tmp_path, "first", "[exact_dedup, near_dedup]", capsys)[0] == 0
    return tmp_path


def test_a_later_crawl_leaves_what_an_earlier_corpus_has(crawls, capsys):
    before = {path: path.read_bytes() for path in corpus(crawls, "first").rglob("*.parquet")}
    code, said = build(crawls, "second", AGAINST.replace("EARLIER", "'ws/corpus/*'"), capsys)
    assert code == 0, said
    second = corpus(crawls, "second")
    texts = {row["text"].lower(): row for row in rows(second, "documents")}
    assert set(texts) == {text(4), text(5)} and {row["duplicates"] for row in texts.values()} == {1}
    earlier = {row["text"]: row["id"] for row in rows(corpus(crawls, "first"), "documents")}
    named = f"in corpus @{corpus(crawls, 'first').name.partition('@')[2]}"
    of_earlier = [row for row in rows(second, "ledger") if row["detail"].endswith(named)]
    assert [(row["rule"], row["survivor_id"], row["detail"]) for row in of_earlier] == [
        ("equal_normalised_text", earlier[text(1)], f"equal normalised text, {named}"),
        ("near_dedup", earlier[text(2)], named)]
    assert {path: path.read_bytes() for path in before} == before  # those there all stay
    made = (second / "manifest.json").read_bytes()
    code, said = build(crawls, "second", AGAINST.replace("EARLIER", "'ws/corpus/*'"), capsys)  # it finds itself now
    assert code == 0 and "steps to build" not in said and (second / "manifest.json").read_bytes() == made


def test_the_pair_is_shown_while_the_other_corpus_is_there(crawls, capsys):
    assert build(crawls, "second", AGAINST.replace("EARLIER", "'ws/corpus/*'"), capsys, workspace="other")[0] == 0
    (left,) = (row for row in rows(corpus(crawls, "second", "other"), "ledger") if row["rule"] == "near_dedup"
               and "corpus" in row["detail"])
    shown = main(["explain", left["id"], "--workspace", str(crawls / "other")]), capsys.readouterr().out
    assert shown[0] == 0 and f"in {corpus(crawls, 'first')}" in shown[1] and "http://first.test/2" in shown[1]
    assert "60 words in both, of 62 here and 60 there; 1 difference" in shown[1] and "[and" in shown[1]
    shutil.rmtree(corpus(crawls, "first"))
    gone = main(["explain", left["id"], "--workspace", str(crawls / "other")]), capsys.readouterr().out
    assert gone[0] == 0 and "is not there any more" in gone[1] and "words in both" not in gone[1]


def test_the_same_bytes_wherever_the_earlier_corpus_lies(crawls, capsys):
    shutil.copytree(corpus(crawls, "first"), crawls / "copy" / corpus(crawls, "first").name)
    digests = []
    for workspace, path in (("one", "ws/latest/first/corpora/web"), ("two", "'copy/*'")):
        code, said = build(crawls, "second", AGAINST.replace("EARLIER", path), capsys, workspace=workspace)
        assert code == 0, said
        directory = corpus(crawls, "second", workspace)
        digests.append({path.relative_to(directory): path.read_bytes() for path in [
            *directory.glob("*/*.parquet"), directory / "manifest.json"]} | {"name": directory.name})
    assert digests[0] == digests[1]


def test_faults_of_the_path_and_damage_come_before_anything_is_made(crawls, capsys):
    code, said = build(crawls, "second", AGAINST.replace("EARLIER", "nowhere"), capsys, workspace="other")
    assert code == 2 and said.count("`nowhere` matches nothing") == 2 and "Traceback" not in said
    code, said = build(crawls, "first", AGAINST.replace("EARLIER", "ws/latest/first/corpora/web"), capsys)
    assert code == 2 and "made of the same documents" in said
    part = next(corpus(crawls, "first").glob("documents/*.parquet"))
    sound = part.read_bytes()
    part.write_bytes(sound[:-1])
    code, said = build(crawls, "second", AGAINST.replace("EARLIER", "'ws/corpus/*'"), capsys, workspace="other")
    assert code == 3 and part.name in said and not list(crawls.glob("other/d*/*@*/manifest.json"))
    part.write_bytes(bytes([sound[0] ^ 1]) + sound[1:])  # of the same size: seen when it is read
    code, said = build(crawls, "second", AGAINST.replace("EARLIER", "'ws/corpus/*'"), capsys, workspace="other")
    assert code == 3 and part.name in said and not list(crawls.glob("other/dedup/*@*/manifest.json"))
    part.write_bytes(sound)
    assert build(crawls, "second", AGAINST.replace("EARLIER", "'ws/corpus/*'"), capsys, workspace="other")[0] == 0


def test_across_corpora_by_what_is_equal(tmp_path, capsys):
    write(tmp_path, "both", ["Á text.", "another", "more"])
    write(tmp_path, "wiki", ["a TEXT", "another"])
    kept = {}
    for by in ("near", "text", "normalised_text", "url"):
        (tmp_path / "r.yaml").write_text(
            "name: both\nsources: {web: {kind: jsonl, paths: [both.jsonl]}, wiki: {kind: jsonl, paths: [wiki.jsonl]}}\n"
            f"corpora: {{web: {{from: web}}, wiki: {{from: wiki}}}}\ndedup: {{across: [wiki, web], by: {by}}}\n")
        assert run("curate", tmp_path / "r.yaml", tmp_path / "ws", capsys, "--workers", "1", "--prefect", "off")[0] == 0
        kept[by] = [row["text"] for row in rows(corpus(tmp_path, "both"), "documents")]
        details = [(row["rule"], row["detail"]) for row in rows(corpus(tmp_path, "both"), "ledger")]
        if by == "normalised_text":
            assert details == [("dedup_across", "equal normalised text, in corpus wiki")] * 2
    assert kept == {"near": ["Á text.", "more"], "text": ["Á text.", "more"], "normalised_text": ["more"],
                    "url": ["Á text.", "another", "more"]}


MIXTURES = """\
  once: {from_corpus: web, duplicates: 0}
  more: {from_corpus: web, duplicates: [1, null]}
tokenizer: {vocab_size: 300}
mixtures: {flat: {web: 1}, upsampled: {once: 0.5, more: 0.5}}
training: {model: tiny, tokens: 2048, seeds: 1, max_epochs: EPOCHS, context_tokens: 64, batch_tokens: 512}
"""


def test_a_mixture_weights_what_was_there_more_often(tmp_path, capsys):
    write(tmp_path, "web", [text(number) for number in range(30)] + [text(number) for number in range(6)])
    code, said = build(tmp_path, "web", "[exact_dedup]", capsys, "mix", more=MIXTURES.replace("EPOCHS", "0.5"))
    assert code == 3 and "corpus more has" in said and "more than max_epochs 0.5" in said
    code, said = build(tmp_path, "web", "[exact_dedup]", capsys, "train", more=MIXTURES.replace("EPOCHS", "100"))
    assert code == 0, said
    code, said = build(tmp_path, "web", "[exact_dedup]", capsys, "mix", more=MIXTURES.replace("EPOCHS", "100"))
    assert code == 0 and "mixture upsampled" in said and "once" in said and "more" in said
    counts = {path.name.partition("@")[0]: read_json(path / "manifest.json") for path in tmp_path.glob("ws/tokens/*@*")}
    assert counts["once"]["counts"]["kept"] == 24 and counts["more"]["counts"]["kept"] == 6
    assert counts["once"]["sizes"]["tokens"] + counts["more"]["sizes"]["tokens"] == counts["web"]["sizes"]["tokens"]
    (trained,) = tmp_path.glob("ws/run/upsampled-s0@*")
    assert set(read_json(trained / "manifest.json")["summary"]["corpora"]) == {"once", "more"}
