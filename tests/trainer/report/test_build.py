import json
import re
from html.parser import HTMLParser

import pytest

from maslin.manifests.files import read_json, sealed, write_json
from maslin.manifests.plan import in_order, plan_comparison
from maslin.manifests.workspace import serial_map, verify
from maslin.trainer.comparison.rounds import RoundsPlan
from maslin.trainer.numbers import signed
from maslin.trainer.report.build import build_report
from maslin.trainer.report.facts import loss_curve, validation_curves
from tests.trainer.report_workspace import HOSTILE, PROSE, READ, RECIPE, RULES, make_workspace

VOID = {"meta", "br", "line", "rect", "circle", "path", "polygon", "polyline", "col"}


class Page(HTMLParser):
    """Checks nesting while it collects elements and text."""

    def __init__(self, source):
        super().__init__()
        self.elements, self.text, self.styles, self.open = [], [], [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        (self.styles if self.open and self.open[-1] == "style" else self.text).append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    workspace, plan = make_workspace(tmp_path_factory.mktemp("report"))
    manifest = build_report(plan.report, workspace, serial_map)
    return workspace, plan, manifest


def test_what_of_evaluation_sets_was_found_and_what_stands_is_told_by_arm(built, source, tmp_path):
    assert "evaluation set" not in source
    sets = "evaluation_sets: {gsm8k: {paths: gsm8k.jsonl}}\nmixtures:"
    workspace, plan = make_workspace(tmp_path, recipe_text=RECIPE.replace("mixtures:", sets, 1))
    build_report(plan.report, workspace, serial_map)
    page = (workspace.path(plan.report) / "report.html").read_text(encoding="utf-8")
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>.*?</tr>", page, flags=re.DOTALL)]
    assert [row[1:] for row in rows if row[:1] == ["gsm8k"] and len(row) == 7] == [
        ["text-only", "1\u202f319", "8", "3", "6", "0"], ["with-code", "1\u202f319", "8", "4", "9", "1"]]


def test_how_documents_are_held_out_stands_on_the_first_screen(built, source, tmp_path):
    assert "web-no-code: documents, by group of duplicates; wiki: documents, by group of duplicates; code:" in source
    workspace, plan = make_workspace(tmp_path, recipe_text=RECIPE.replace("domains:", "held_out_by: site, domains:"))
    build_report(plan.report, workspace, serial_map)
    page = (workspace.path(plan.report) / "report.html").read_text(encoding="utf-8")
    assert "web-no-code: whole sites, if at least 3 more remain" in page
    assert "code: documents, by group of duplicates, as its source (code) tells no site" in page


@pytest.fixture(scope="module")
def source(built):
    workspace, plan, _ = built
    return (workspace.path(plan.report) / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(source):
    return Page(source)


def words(page):
    return re.sub("[ \n]+", " ", "".join(page.text)).replace("\u202f", "")


def test_the_step_is_sound_and_its_manifest_tells_the_verdict(built):
    workspace, plan, manifest = built
    assert verify(workspace.path(plan.report)) == []
    assert {entry.path for entry in manifest.files} == {"report.html", "comparison.json"}
    assert manifest.summary["verdicts"]["with-code"]["code"] == "better"
    assert manifest.summary["verdict"] == read_json(workspace.path(plan.report) / "comparison.json")["verdict"]


def test_it_is_one_well_formed_file_that_reaches_for_nothing(source, page):
    assert page.open == [] and source.startswith("<!doctype html>")
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & {tag for tag, _ in page.elements}
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on") and name not in ("src", "srcset", "action", "style", "xlink:href")
            carried = ("#", "data:text/csv;", "data:image/svg+xml;")
            assert name != "href" or value.startswith(carried), (tag, name, value)
    assert not re.search(r"@import|url\(|expression", "".join(page.styles))


def test_every_link_has_its_target_and_ids_are_unique(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in page.all("a") if "download" not in link} <= set(ids)
    assert {a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a} <= set(ids)


def test_charts_and_tables_say_what_they_show(page):
    assert page.all("svg") and all(svg["role"] == "img" and svg["aria-label"] for svg in page.all("svg"))
    assert len(page.all("title")) == 1 + len(page.all("svg"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(cell["scope"] in ("col", "row") for cell in page.all("th"))


def test_hostile_text_is_shown_and_does_nothing(source, page):
    assert "<script" not in source and "<img" not in source
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]", source)
    shown = words(page)
    assert "<script>alert('x')</script> & ⟨U+202E⟩evil⟨U+202C⟩⟨U+001B⟩[31m ⟨U+0000⟩ &amp;" in shown
    assert "\u202e" in HOSTILE


def test_what_deduplications_took_stands_with_the_corpora(source):
    shown = source[source.index("From raw records to corpora</h2>"):source.index("Training</h2>")]
    assert "What near_dedup took for the same" in shown and "14 bands of 9 rows" in shown
    assert shown.count("The largest cluster</summary>") == shown.count("took for the same</h4>") == 4
    assert shown.index("What each rule took") < shown.index("took for the same</h4>")


def test_the_verdict_comes_first(source):
    assert re.findall("<h2[^>]*>([^<]*)</h2>", source) == [
        "Verdict", "Differences", "A/A control", "Every run", "Mixtures", "From raw records to corpora", "Training",
        "What this does not say", "Lineage", "Configuration"]


def test_how_the_arms_differ_stands_with_the_verdict(source):
    verdict = source[source.index("Verdict</h2>"):source.index("Differences</h2>")]
    assert "How the arms differ" in verdict and "c4.code" in verdict


def test_figures_are_those_of_comparison_json(built, page):
    workspace, plan, _ = built
    comparison, shown = read_json(workspace.path(plan.report) / "comparison.json"), words(page)
    assert comparison["comparisons"]["with-code"]["sentence"] in shown
    for result in comparison["comparisons"]["with-code"]["domains"].values():
        low, high = result["told_low_bits_per_byte"], result["told_high_bits_per_byte"]
        assert f"{signed(result['delta_bits_per_byte'])} [{signed(low)}, {signed(high)}]" in shown
        assert result["reason"] in shown
    for run in comparison["runs"]:
        for scored in run["domains"].values():
            assert f"{scored['bits_per_byte']:.5f}" in shown


def test_another_metric_is_spoken_of_in_its_own_words(tmp_path):
    recipe = RECIPE.replace("domains: [web-no-code", "metric: next_token_accuracy, domains: [web-no-code")
    workspace, plan = make_workspace(tmp_path, recipe_text=recipe)
    manifest = build_report(plan.report, workspace, serial_map)
    assert manifest.summary["verdicts"]["with-code"]["code"] == "worse"  # the made-up effect is a fall
    shown = words(Page((workspace.path(plan.report) / "report.html").read_text(encoding="utf-8")))
    assert "code: ▼ worse−0.3" in shown and "percent of tokens foretold" in shown and "More is better." in shown
    assert "← worse than the baselinebetter →" in shown and "a higher accuracy is no promise" in shown
    assert "bits per byte" not in shown and "nats of all documents" not in shown


def test_the_funnel_accounts_for_every_document(built, page):
    shown = words(page)
    for corpus, rules in RULES.items():
        read = READ[built[1].recipe.corpora[corpus].source]
        kept = read - sum(rule[3] for rule in rules)
        assert f"{kept} of {read} documents kept ({100 * kept / read:.1f}%)" in shown
    assert "the ledger and the manifest disagree" not in shown
    assert "388" in shown and "curly_bracket took 388: 3 examples" in shown
    assert "lorem_ipsum took 1: the document" in shown
    assert "measured 0.31 < 0.65" in shown and "≥ 0.65" in shown
    removed_line = PROSE.splitlines()[1]
    assert any(tag == "del" for tag, _ in page.elements) and removed_line in shown


def test_lineage_names_every_directory_and_raw_input(built, page):
    shown = "".join(page.text)
    for step in in_order([built[1].report])[:-1]:
        assert step.directory in shown
    for digest in (f"{index:032x}" for index in range(3)):
        assert digest in shown


def test_a_ledger_that_does_not_add_up_is_told(tmp_path):
    workspace, plan = make_workspace(tmp_path)
    path = workspace.path(plan.corpora["code"]) / "manifest.json"
    manifest = {key: value for key, value in read_json(path).items() if key != "checksum"}
    manifest["counts"]["kept"] -= 8
    write_json(path, sealed(manifest))
    build_report(plan.report, workspace, serial_map)
    assert "the ledger and the manifest disagree" in (workspace.path(plan.report) / "report.html").read_text()


def test_equal_workspaces_give_equal_bytes(built, source, tmp_path):
    workspace, plan = make_workspace(tmp_path)
    manifest = build_report(plan.report, workspace, serial_map)
    assert manifest == built[2]
    assert (workspace.path(plan.report) / "report.html").read_text(encoding="utf-8") == source


@pytest.mark.parametrize("seeds, said", [(1, "One seed an arm gives no interval"), (2, "it would take")])
def test_few_seeds_are_undecided_and_say_what_it_would_take(tmp_path, seeds, said):
    workspace, plan = make_workspace(tmp_path, seeds=seeds, hostile=False)
    build_report(plan.report, workspace, serial_map)
    source = (workspace.path(plan.report) / "report.html").read_text(encoding="utf-8")
    assert "undecided" in source and said in source
    Page(source)


def test_loss_curves_use_the_steps_all_runs_logged(tmp_path):
    for name, lines in (("a", ['{"step": 1, "tokens": 8, "loss": 4.0}', '{"step": 2, "tokens": 16, "loss": 3.0}']),
                        ("b", ['{"step": 1, "tokens": 8, "loss": 5.0}', '{"step": 9, "note": "no loss here"}'])):
        (tmp_path / name).write_text("\n".join(lines))
    assert loss_curve([tmp_path / "a", tmp_path / "b"]) == [(8.0, 4.5, 4.0, 5.0)]
    assert loss_curve([tmp_path / "a"], points=1) == [(16.0, 3.5, 3.5, 3.5)]
    assert loss_curve([tmp_path / "a", tmp_path / "none"]) == []


def test_validation_curves_use_the_steps_at_which_all_runs_took_it(tmp_path):
    lines = {"a": [(1, {"w": 4.0, "c": 1.0}), (2, None), (3, {"w": 3.0, "c": 0.5})],
             "b": [(1, {"w": 5.0}), (3, {"w": 3.0})]}
    for name, taken in lines.items():
        (tmp_path / name).write_text("\n".join(json.dumps(
            {"step": step, "tokens": 8 * step, "loss": 1.0, **({"validation": by_domain} if by_domain else {})})
            for step, by_domain in taken))
    found = validation_curves([tmp_path / "a", tmp_path / "b"])
    assert found == {"w": [(8.0, 4.5, 4.0, 5.0), (24.0, 3.0, 3.0, 3.0)]}  # of `c` only one run knows
    assert validation_curves([tmp_path / "none"]) == {} == validation_curves([])


def test_validation_curves_are_drawn_by_domain_and_arm(tmp_path):
    workspace, plan = make_workspace(tmp_path)
    build_report(plan.report, workspace, serial_map)
    source = (workspace.path(plan.report) / "report.html").read_text(encoding="utf-8")
    for domain in ("web-no-code", "wiki", "code"):
        assert f"Loss on held-out documents of {domain} while training" in source
    assert 'download="loss-on-held-out-documents-while-training.csv"' in source
    assert 'download="loss-on-held-out-documents-of-wiki-while-training.svg"' in source


def test_stages_and_simulated_targets_are_shown(tmp_path):
    recipe = RECIPE.replace(
        "{web-code: 0.6, wiki: 0.2, code: 0.2}",
        "{stages: [{until: 0.75, weights: {web-code: 1}}, {weights: {web-code: 1, code: 3}}]}",
    ).replace("tokens: 262144", "tokens: 262144, simulate_target_tokens: 2621440")
    workspace, plan = make_workspace(tmp_path, recipe_text=recipe)
    build_report(plan.report, workspace, serial_map)
    shown = words(Page((workspace.path(plan.report) / "report.html").read_text()))
    assert "corpusuntil 196608 tokensuntil 262144 tokenscode0.00%75.00%web-code100.00%25.00%" in shown
    assert shown.count("Each corpus is cut to 10.00% of its tokens, by whole documents") == 2
    assert "web-code81.25%" in shown and shown.count("until 262144 tokens") == 1


def test_rounds_are_told_with_their_plan_every_look_and_why_it_ended(tmp_path):
    workspace, plan = make_workspace(tmp_path, seeds=3)
    fixed = RoundsPlan(3, "d1d2", 30.0, scored_before=2)
    plan = plan_comparison(plan, {"context_tokens": 256, "stride_tokens": 128}, final=False, rounds=fixed.to_json())
    manifest = build_report(plan.report, workspace, serial_map)
    page = Page((workspace.path(plan.report) / "report.html").read_text())
    shown = words(page)
    assert {"id": "rounds"}.items() <= next(each for each in page.all("section") if each["id"] == "rounds").items()
    for said in ("plan d1d2, fixed before the first look", "at most 3: as many as fitted into 30 minutes",
                 "5 % · (k / 3)^3", "3: with-code on web-no-code, wiki, code", "2 of the runs were trained and scored"):
        assert said in shown, said
    assert "Rounds" in shown and shown.count("What each look found, in bits per byte") == 1
    summary = manifest.summary["rounds"]
    assert summary["plan"] == "d1d2" and [look["rounds"] for look in summary["looks"]] == [2, 3]
    told = read_json(workspace.path(plan.report) / "comparison.json")["rounds"]
    assert told["looks"][1]["found"]["with-code"].keys() == {"web-no-code", "wiki", "code"}
