"""explain, funnel, sample and `rules try` on a curated corpus: they agree with the ledger, and with a build."""

import json
import re
import subprocess
import sys
from collections import Counter

import pytest

from maslin.curation.evidence.corpora import corpora_of
from maslin.curation.evidence.drawn import texts_met
from maslin.curation.evidence.funnel import count_funnel
from maslin.curation.evidence.rejudge import interval, rejudge
from maslin.curation.evidence.trial import decides_over_all, try_settings
from maslin.flows.cli import main
from maslin.flows.shown.trials import tried
from maslin.manifests.tables import iter_tables, read_table
from maslin.manifests.workspace import read_manifest
from tests.flows.curated import RECIPE, curate, write_inputs

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("curated")
    write_inputs(folder)
    curate(folder)
    return folder


@pytest.fixture(scope="module")
def corpus(folder):
    (directory,) = corpora_of("mine", folder / "work")
    return directory


def rows(directory, table):
    return [row for part in iter_tables(sorted((directory / table).glob("*.parquet"))) for row in part.to_pylist()]


def maslin(folder, *arguments):
    return main([*map(str, arguments), "--workspace", str(folder / "work")])


def test_the_corpus_has_something_of_everything(corpus):
    dropped = read_manifest(corpus).counted().dropped
    assert {"squigglybracket", "too_few_sentences", "gopher_short_doc", "gopher_above_avg_threshold",
            "char_dup_ratio", "exact_dedup", "near_dedup"} <= set(dropped)


def test_explain_says_value_threshold_and_source_of_every_rule(folder, corpus, capsys):
    left = next(row for row in rows(corpus, "ledger") if row["rule"] == "char_dup_ratio")
    assert maslin(folder, "explain", left["id"]) == 0
    out = capsys.readouterr().out
    assert re.search(rf"char_dup_ratio +{left['value']:.4g} +drops if > 0.05 +dropped", out)
    assert "Penedo et al. 2024" in out and "datatrove 0.10.1 fineweb_quality_filter.py" in out
    assert re.search(r"gopher_short_doc +n_non_symbol_words \d+ +drops if < 60 +passed", out)
    assert "near_dedup" not in out  # it never came so far


def test_explain_imports_nothing_heavy(folder, corpus):
    left = rows(corpus, "ledger")[0]["id"]
    code = ("import sys; from maslin.flows.cli import main; "
            f"main(['explain', '{left}', '--workspace', '{folder / 'work'}'])\n"
            "heavy = {'numba', 'torch', 'prefect', 'pandas', 'scipy', 'yaml', 'maslin.curation.rules', "
            "'maslin.manifests.recipe.reading'}\n"
            "assert not heavy & set(sys.modules), heavy & set(sys.modules)")
    subprocess.run([sys.executable, "-c",
                    "from maslin.flows.engine.startup import start_light; start_light()\n" + code],
                   check=True, stdout=subprocess.DEVNULL)


def test_explain_shows_edits_as_a_diff(folder, corpus, capsys):
    edit = next(row for row in rows(corpus, "edits") if row["rule"] == "no_endmark")
    text = next(row["text"] for row in rows(next(folder.glob("work/documents/mine@*")), "documents")
                if row["id"] == edit["id"])
    assert maslin(folder, "explain", edit["id"], "--full") == 0
    out = capsys.readouterr().out
    assert "--- text before step 0" in out and "+++ text after step 0 (c4)" in out
    assert f"  -{text.splitlines()[edit['line_start']]}\n" in out


def test_explain_says_which_document_stays(folder, corpus, capsys):
    left = next(row for row in rows(corpus, "ledger") if row["rule"] == "near_dedup")
    urls = {row["id"]: row["url"] for row in rows(corpus, "documents")}
    assert maslin(folder, "explain", left["id"]) == 0
    out = capsys.readouterr().out
    assert f"stays: {left['survivor_id']}  {urls[left['survivor_id']]}" in out
    assert re.search(rf"near_dedup +similarity {left['value']:.4g} +drops if similarity >= 0.8 +dropped", out)


def test_explain_puts_a_duplicate_beside_the_one_that_stays(folder, corpus, capsys):
    left = next(row for row in rows(corpus, "ledger") if row["rule"] == "near_dedup")
    assert maslin(folder, "explain", left["id"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"beside the one that stays: [\d,]+ words in both, of [\d,]+ here and [\d,]+ there; \d+ diff", out)
    assert re.search(r"^  .*\[.* │ .*\[", out, re.M)
    assert maslin(folder, "explain", left["id"], "--json") == 0
    (document,) = json.loads(capsys.readouterr().out)["documents"]
    beside = document["ways"][0]["beside"]
    assert beside["survivor_id"] == left["survivor_id"] and beside["differences"]


def test_explain_by_url_and_its_end(folder, capsys):
    assert maslin(folder, "explain", "https://mine.test/7/page.html") == 0
    assert capsys.readouterr().out.count("document ") == 1
    assert maslin(folder, "explain", "page.html") == 0
    out = capsys.readouterr().out
    assert out.startswith("160 documents have page.html in their address, path or title; the first 20:\n")
    assert out.count("https://mine.test/") == 20 and len(re.findall(r"^    mine: (kept|dropped by )", out, re.M)) == 20


def test_explain_by_a_part_of_the_address_and_what_is_nearest(folder, capsys):
    assert maslin(folder, "explain", "mine.test/157") == 0
    assert capsys.readouterr().out.startswith("document ")
    assert maslin(folder, "explain", "mine.test") == 0
    assert capsys.readouterr().out.startswith("161 documents have mine.test in their address")
    assert maslin(folder, "explain", "mine.tst/15/page.html") == 2
    assert "Did you mean mine.test/15/page.html" in capsys.readouterr().err
    assert maslin(folder, "explain", "f" * 32) == 2
    assert "no document has this id in the source mine" in capsys.readouterr().err


def test_nothing_of_a_document_reaches_the_terminal(folder, capsys):
    assert maslin(folder, "explain", "https://mine.test/\x1b]0;x", "--full") == 0
    assert maslin(folder, "sample", "mine", "-n", "200", "--full") == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "⟨U+001B⟩" in out


def test_funnel_in_sequence_is_the_ledger_and_alone_is_what_signals_say(corpus, folder):
    funnel = count_funnel(corpus)
    counts = read_manifest(corpus).counted()
    in_sequence = {(count.step, count.rule): count.documents for count in funnel.rules if count.documents}
    assert in_sequence == Counter((row["step"], row["rule"]) for row in rows(corpus, "ledger"))
    assert funnel.kept == counts.kept and funnel.read == counts.read
    sizes = {row["id"]: len(row["text"].encode()) for row in rows(next(folder.glob("work/documents/*")), "documents")}
    assert funnel.read_bytes == sum(sizes.values())
    assert sum(count.bytes for count in funnel.rules) == sum(sizes[row["id"]] for row in rows(corpus, "ledger"))
    assert funnel.kept_bytes == sum(sizes[row["id"]] for row in rows(corpus, "documents"))
    by_rule = {count.rule: count for count in funnel.rules}
    words = [row["gopher_quality.n_non_symbol_words"] for row in rows(corpus, "signals")]
    assert by_rule["gopher_short_doc"].alone_documents == sum(value is not None and value < 60 for value in words)
    assert by_rule["gopher_above_avg_threshold"].alone_documents > by_rule["gopher_above_avg_threshold"].documents
    assert by_rule["too_few_sentences"].unknown_documents == by_rule["squigglybracket"].documents > 0


def test_funnel_is_printed_and_drawn(folder, corpus, tmp_path, capsys):
    plot = tmp_path / "funnel.html"
    assert maslin(folder, "funnel", folder / "recipe.yaml", "--plot", plot) == 0
    out = capsys.readouterr().out
    assert f"corpus mine: kept {read_manifest(corpus).counted().kept}" in out and "gopher_short_doc" in out
    assert "source mine: 161 documents of 161 records" in out
    page = plot.read_text()
    assert re.search(r"4 near_dedup took \d+ documents for the same as \d+ that stay", out)
    assert "(14 bands of 9 rows): 86.7% at the threshold 0.8; 50% at 0.714, 95% at 0.833, 99% at 0.868" in out
    assert page.count("<svg") == 3 + 3 and "in sequence" in page and "<script" not in page
    assert maslin(folder, "funnel", "mine") == 0 and (folder / "work/funnels/mine.html").is_file()


def test_clusters_add_up_to_what_left(folder, corpus, capsys):
    assert maslin(folder, "funnel", "mine", "--json") == 0
    (shown,) = json.loads(capsys.readouterr().out)["corpora"]
    dropped = read_manifest(corpus).counted().dropped
    texts = {row["id"]: row["text"] for row in rows(corpus, "documents")}
    for found in shown["deduplications"]:
        assert sum(each["documents"] - each["clusters"] for each in found["sizes"]) == dropped[found["step"]]
        for cluster in found["largest"]:
            leaving = [row for row in rows(corpus, "ledger") if row["survivor_id"] == cluster["survivor_id"]
                       and row["step"] == found["step"]]
            assert len(leaving) == cluster["documents"] - 1
            assert {each["id"] for each in cluster["duplicates"]} <= {row["id"] for row in leaving}
            assert cluster["text"] == texts.get(cluster["survivor_id"], cluster["text"])[:300]


def test_recall_finds_what_the_bands_foretell_of_copies_of_the_corpus(folder, corpus, capsys):
    assert maslin(folder, "rules", "recall", "mine", "--pairs", "70", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    (found,) = answer["searches"]
    assert found["step_index"] == 4 and found["banding"]["least"] == 0.8 and found["wrong"] == []
    whole = found["whole"]
    assert whole["foretold_least"] <= whole["found"] / whole["due"] <= 1
    assert found["drawn"] - found["short"] - found["alike"] == whole["pairs"] > 30
    assert maslin(folder, "rules", "recall", "mine", "--pairs", "70", "--json") == 0
    assert json.loads(capsys.readouterr().out) == answer
    assert maslin(folder, "rules", "recall", "mine", "--pairs", "70", "--set", "near_dedup.threshold=0.6") == 0
    out = capsys.readouterr().out
    assert "leaves from similarity 0.6 on" in out and "Left for a document that they are not like: 0." in out
    assert maslin(folder, "rules", "recall", "mine", "--set", "near_dedup.permutation=4") == 2
    assert "permutation" in capsys.readouterr().err


def test_texts_for_recall_are_as_the_step_meets_them(folder, corpus):
    edits = rows(corpus, "edits")
    met = texts_met(read_manifest(corpus), 4, 10_000, 0)
    kept = {row["id"]: row["text"] for row in rows(corpus, "documents")}
    assert kept.items() <= met.items() and {row["id"] for row in edits} & set(kept)
    assert set(met) == set(kept) | {row["id"] for row in rows(corpus, "ledger") if row["step"] == "near_dedup"}
    few = texts_met(read_manifest(corpus), 4, 5, 0)
    assert len(few) == 5 and few.items() <= met.items() and few != texts_met(read_manifest(corpus), 4, 5, 1)


def test_sample_is_drawn_by_hash_and_says_why(folder, corpus, capsys):
    def ids(*arguments):
        assert maslin(folder, "sample", "mine", *arguments) == 0
        return re.findall(r"document ([0-9a-f]{32})", capsys.readouterr().out)

    dropped = {row["id"] for row in rows(corpus, "ledger") if row["rule"] == "gopher_short_doc"}
    assert set(ids("--dropped-by", "gopher_short_doc", "-n", "100")) == dropped
    assert ids("--dropped-by", "gopher_quality.gopher_short_doc") == ids("--dropped-by", "gopher_short_doc")
    assert dropped < set(ids("--dropped-by", "gopher_quality", "-n", "500"))
    assert set(ids("-n", "500")) == {row["id"] for row in rows(corpus, "documents")}
    assert ids() == ids("--seed", "0") != ids("--seed", "1")
    assert set(ids("--edited-by", "no_endmark", "-n", "500")) == {
        row["id"] for row in rows(corpus, "edits") if row["rule"] == "no_endmark"}
    maslin(folder, "sample", "mine", "--dropped-by", "gopher_short_doc", "-n", "1")
    assert re.search(r"dropped by gopher_quality.gopher_short_doc: \d+ < 60", capsys.readouterr().out)
    assert maslin(folder, "sample", "mine", "--dropped-by", "gopher_shrt_doc") == 2
    assert "did you mean `gopher_short_doc`" in capsys.readouterr().err
    assert maslin(folder, "sample", "mine", "--dropped-by", "list_ratio") == 0


@pytest.mark.parametrize("setting, by_signals", [
    ("gopher_quality.min_words=90", True), ("gopher_quality.min_words=40", False),
    ("fineweb.max_char_dup_ratio=0.5", True), ("gopher_quality.max_mean_word_length=4.8", True),
    ("c4.min_sentences=6", False), ("c4.min_sentences=1", False), ("c4.min_words_per_line=3", False),
    ("c4.code=keep", False),
])
def test_a_trial_says_what_a_build_does(folder, corpus, tmp_path, setting, by_signals):
    """Known by signals: never more than the build finds; with the texts of the rest: exactly what it finds."""
    trial = try_settings(corpus, [setting])
    judged = rejudge(trial, 1000)
    step, _, rest = setting.partition(".")
    name, _, value = rest.partition("=")
    (tmp_path / "mine.jsonl.gz").write_bytes((folder / "mine.jsonl.gz").read_bytes())
    curate(tmp_path, RECIPE + f"  tried: {{like: mine, set: {{{step}.{name}: {value}}}}}\n")
    (built,) = corpora_of("tried", tmp_path / "work")
    found = Counter((row["step_index"], row["step"], row["rule"]) for row in rows(built, "ledger"))
    for key in trial.then.keys() | found.keys():
        known, by_text = trial.then.get(key, 0), judged.dropped.get(key, 0)
        if decides_over_all(trial.steps, key[0]):
            assert known <= found[key]
        else:
            assert known <= found[key] == known + by_text, key
    kept = read_table(built / "documents" / "part-00000.parquet").num_rows
    assert trial.kept_then <= kept
    assert trial.kept_then + sum(trial.then.values()) + sum(trial.unknown.values()) == trial.read
    if by_signals:
        assert judged.open == 0 or "max_char_dup" in setting


def test_a_sample_of_the_texts_is_drawn_by_hash_and_gives_an_interval(corpus, folder, capsys):
    trial = try_settings(corpus, ["c4.min_words_per_line=3"])
    some, again = rejudge(trial, 40), rejudge(trial, 40)
    assert some == again and some.judged == 40 < some.open
    assert some.passed + sum(some.dropped.values()) == 40
    whole = rejudge(trial, 1000)
    low, high = interval(some.passed, 40)
    assert low < whole.passed / whole.open < high
    assert maslin(
        folder, "rules", "try", folder / "recipe.yaml", "--set", "c4.min_words_per_line=3", "--texts", 40) == 0
    out = capsys.readouterr().out
    assert "40 of 161, drawn by hash" in out and "Nothing was built or removed" in out
    assert re.search(rf"^read +{trial.read} +{trial.read}$", out, re.M)  # nothing reads as lost


def test_what_a_trial_says_of_a_corpus_adds_up(corpus):
    entries = read_manifest(corpus).parameters["steps"]
    for setting, texts in (("gopher_quality.min_words=90", 0), ("c4.min_sentences=6", 1000),
                           ("c4.min_words_per_line=3", 40), ("c4.min_sentences=1", 0)):
        told = tried(try_settings(corpus, [setting]), entries, texts, {})
        assert told["kept_now"] + sum(rule["now"] for rule in told["rules"]) == told["read"], setting
        sure = [rule for rule in told["rules"] if rule["then_least"] is not None]
        assert all(rule["then_least"] <= rule["then_most"] for rule in sure), setting
        left = sum(rule["then_least"] for rule in sure) + told["passing_then_least"]
        if told["judged_again"] == told["open"] and told["kept_then_least"] is None:
            assert left == told["read"], setting
        assert told["passing_then_least"] <= told["passing_then_most"] <= told["read"], setting
        assert told["kept_then_most"] <= told["passing_then_most"], setting


def test_rules_try_says_what_is_wrong(folder, capsys):
    def error(*settings):
        assert maslin(folder, "rules", "try", "mine", *(part for each in settings for part in ("--set", each))) == 2
        return capsys.readouterr().err

    assert "did you mean `min_words_per_line`" in error("c4.min_word_per_line=3")
    assert "the corpus has no step `offensive`" in error("offensive.list=latest")
    assert "expected a whole number" in error("c4.min_sentences=x")
    assert "expected STEP.PARAMETER=VALUE" in error("c4.min_sentences")
    assert "stands twice" in error("c4.code=keep", "c4.code=drop")
    assert maslin(folder, "rules", "try", "mine", "--set", "c4.min_sentences=3") == 0
    assert "nothing differs" in capsys.readouterr().out


def test_what_was_built_from_another_recipe_is_said(folder, tmp_path, capsys):
    other = tmp_path / "recipe.yaml"
    other.write_text((folder / "recipe.yaml").read_text().replace("min_words: 60", "min_words: 61"))
    assert maslin(folder, "sample", other, "-n", "1") == 0
    assert "corpus mine was built from other steps" in capsys.readouterr().err
    assert maslin(folder, "sample", folder / "recipe.yaml", "-n", "1") == 0 and not capsys.readouterr().err
    assert maslin(folder, "funnel", tmp_path / "none.yaml") == 2 and "no such file" in capsys.readouterr().err


def test_rules_lists_every_rule(capsys):
    assert main(["rules"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"gopher_short_doc +n_non_symbol_words < min_words = 50", out) and "Rae et al. 2021" in out
