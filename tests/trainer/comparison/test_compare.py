import json
import math

import numpy as np
import pyarrow as pa
import pytest

from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.tables import EVALUATION_ITEMS
from maslin.trainer.comparison.compare import compare
from maslin.trainer.comparison.metrics import BITS_PER_BYTE, BITS_PER_TOKEN, NEXT_TOKEN_ACCURACY
from maslin.trainer.comparison.results import Comparison
from maslin.trainer.comparison.statistics import generator

LN2 = math.log(2)
MIXED = {"text": {"web": 0.8, "wiki": 0.2}, "code": {"web": 0.6, "code": 0.4}}


def rows(run, arm, seed, bits, domain="web", clusters=None, byte_counts=None):
    """One row a document: `bits` per byte of each of its documents."""
    byte_counts = byte_counts or [100] * len(bits)
    clusters = clusters or [f"site{i}" for i in range(len(bits))]
    return [
        {"run": run, "arm": arm, "seed": seed, "domain": domain, "id": f"{i:032x}", "cluster": cluster,
         "nats": b * size * LN2, "bytes": size, "tokens": size // 4}
        for i, (b, size, cluster) in enumerate(zip(bits, byte_counts, clusters, strict=True))
    ]


def table(*parts):
    return pa.Table.from_pylist([row for part in parts for row in part], schema=EVALUATION_ITEMS)


def design(baseline, arm, a_a, documents=4, domain="web", clusters=None):
    """Items and groups where every document of run s has the given bits per byte."""
    parts, groups = [], {"text": [], "code": [], "a_a": []}
    for group, recipe, offset, values in (
        ("text", "text", 0, baseline), ("code", "code", 0, arm), ("a_a", "text", 100, a_a)
    ):
        for index, value in enumerate(values):
            run = f"{recipe}-s{index + offset}"
            groups[group].append(run)
            parts.append(rows(run, recipe, index + offset, [value] * documents, domain, clusters))
    return table(*parts), {name: runs for name, runs in groups.items() if runs}


def verdict(items, groups, domain="web", **settings):
    return compare(items, groups, "text", **settings).arms["code"].domains[domain]


def test_differences_and_interval_by_hand():
    items, groups = design([2.0, 2.1, 2.2], [1.9, 1.9, 2.2], [2.05, 2.15, 2.1])
    result = verdict(items, groups)
    assert [d.delta for d in result.deltas] == pytest.approx([-0.1, -0.2, 0.0])
    assert (result.arm, result.baseline, result.delta) == pytest.approx((2.0, 2.1, -0.1))
    # sd .173205 of three runs, and .0707107 of the baseline's six; t(.975): 4.30265 and 2.57058
    assert (result.se_arm, result.se_baseline) == pytest.approx((0.1, 0.0288675))
    assert (result.arm_df, result.baseline_df, result.baseline_runs) == (2, 5, 6)
    assert result.se_documents == pytest.approx(0, abs=1e-12)
    assert result.ci95_high == pytest.approx(-0.1 + math.hypot(0.430265, 0.0742063), abs=1e-5)
    assert result.sign_flip_p_value == 0.5 and result.sign_flip_smallest_p_value == 0.25
    assert result.equivalence_margin == pytest.approx(0.005 * 2.1)


def test_bits_per_byte_is_a_ratio_of_sums():
    parts = [rows(f"{arm}-s{s}", arm, s, [1.0, 3.0], byte_counts=[300, 100])
             for arm in ("text", "code") for s in (0, 1)]
    result = compare(table(*parts), {"text": ["text-s0", "text-s1"], "code": ["code-s0", "code-s1"]}, "text")
    assert result.runs[0].domains["web"].figure == pytest.approx(1.5)


EFFECTS = [-0.3, -0.1, 0.0, 0.1, 0.3, 0.2]


def sites(clusters):
    """Two seeds of two arms and the control on documents that the arm is better and worse on, of these sites."""
    bits, runs = [2.0, 2.2, 2.4, 2.6, 2.1, 2.3], {"text": [], "code": [], "a_a": []}
    parts = []
    for group, first in (("text", 0), ("code", 0), ("a_a", 2)):
        for s in (first, first + 1):
            shift = EFFECTS if group == "code" else [0.0] * 6
            runs[group].append(f"{group}-s{s}")
            parts.append(rows(f"{group}-s{s}", group, s, [
                b + e + 0.01 * (s % 2) for b, e in zip(bits, shift, strict=True)], clusters=clusters))
    return table(*parts), runs


def test_documents_are_drawn_by_site_and_where_sites_are_few_claims_are_of_these():
    alone, three, one = (verdict(*sites(clusters)) for clusters in (None, [*"aabbcc"], ["a"] * 6))
    for result in (alone, three, one):
        assert result.se_total**2 == pytest.approx(result.se_arm**2 + result.se_baseline**2 + result.se_documents**2)
    assert (alone.clusters, alone.conditional, three.clusters, one.clusters) == (6, False, 3, 1)
    assert three.conditional and one.conditional and three.effective_clusters == pytest.approx(3)
    assert one.se_documents == alone.se_documents  # one stratum
    beyond, here = (three.intervals[way] for way in ("beyond_these_clusters", "these_clusters"))
    assert three.se_documents == here.se_documents != beyond.se_documents
    assert beyond.se_documents == pytest.approx(np.std([-0.2, 0.05, 0.25], ddof=1) / math.sqrt(3))
    assert one.intervals.keys() == {"these_clusters"}


def test_a_claim_of_few_sites_says_so():
    parts, groups = [], {"text": [], "code": [], "a_a": []}
    for group, first in (("text", 0), ("code", 0), ("a_a", 3)):
        for s in range(first, first + 3):
            groups[group].append(f"{group}-s{s}")
            shift = -0.5 if group == "code" else 0.0
            parts.append(rows(f"{group}-s{s}", group, s, [2.0 + shift + 0.001 * (s % 3)] * 8, clusters=[*"aaaabbbb"]))
    found = compare(table(*parts), groups, "text")
    assert found.verdict[0] == "code against text: better on web (−0.5000 bits per byte, on these sites)."
    assert "too few to speak of others" in found.arms["code"].domains["web"].reason


def test_a_clear_improvement_is_better_and_its_mirror_worse():
    base, noise = [2.0, 2.01, 2.02], [0.0, 0.002, -0.002]
    for sign, name in ((-1, "better"), (1, "worse")):
        items, groups = design(base, [b + sign * 0.3 + n for b, n in zip(base, noise, strict=True)], [2.0, 2.01, 2.03])
        result = verdict(items, groups)
        assert result.verdict == name and result.p_holm < 0.05 and "Holm" in result.reason


def test_where_more_is_better_the_verdict_and_its_words_turn_round():
    base, noise = [40.0, 40.1, 40.2], [0.0, 0.02, -0.02]
    for sign, name in ((1, "better"), (-1, "worse")):
        items, groups = design(base, [b + sign * 3 + n for b, n in zip(base, noise, strict=True)], [40.0, 40.1, 40.3])
        percents = items["nats"].to_numpy() / items["bytes"].to_numpy() / LN2
        foretold = pa.array(percents * items["tokens"].to_numpy() / 100)
        items = items.set_column(items.schema.get_field_index("nats"), "foretold", foretold)
        found = compare(items, groups, "text", metric=NEXT_TOKEN_ACCURACY)
        assert found.arms["code"].domains["web"].verdict == name
        signs, figure = {1: ("+", "2.983"), -1: ("−", "3.017")}[sign]
        assert found.verdict[0] == f"code against text: {name} on web ({signs}{figure} percent of tokens foretold)."
        assert "; more is better)" in found.verdict[1] and found.to_json()["lower_is_better"] is False
        assert found.runs[0].domains["web"].figure == pytest.approx(40.0)


def test_bits_per_token_divides_the_same_nats_by_tokens():
    items, groups = design([2.0, 2.1], [1.9, 2.06], [2.05, 2.15])
    result = verdict(items, groups, metric=BITS_PER_TOKEN)
    assert (result.baseline, result.delta) == pytest.approx((4 * 2.075, 4 * -0.095))
    assert result.p_value == pytest.approx(verdict(items, groups).p_value)


@pytest.mark.parametrize("seeds", [1, 2, 3])
@pytest.mark.parametrize("metric", [BITS_PER_BYTE, BITS_PER_TOKEN, NEXT_TOKEN_ACCURACY])
def test_json_is_read_back_as_what_was_written(seeds, metric):
    items, groups = design([2.0, 2.1, 2.3][:seeds], [1.9, 2.06, 2.2][:seeds], [2.05, 2.15, 2.0][:seeds])
    if metric is NEXT_TOKEN_ACCURACY:
        items = items.rename_columns([metric.score if name == "nats" else name for name in items.column_names])
    found = compare(items, groups, "text", ["web", "wiki"], metric=metric)
    written = json.loads(json.dumps(found.to_json()))
    assert Comparison.from_json(written) == found and Comparison.from_json(written).to_json() == written


def test_json_of_another_version_is_refused():
    items, groups = design([2.0, 2.1], [1.9, 2.06], [2.05])
    with pytest.raises(UsageError, match="of schema version 9 by bits_per_byte: of another Maslin"):
        Comparison.from_json({**compare(items, groups, "text").to_json(), "schema_version": 9})


def test_keys_of_json_bear_the_name_of_the_metric_and_nothing_is_told_that_was_not_tested():
    items, groups = design([2.0, 2.1], [1.9, 2.06], [2.05])
    for metric, name in ((BITS_PER_TOKEN, "bits_per_token"), (BITS_PER_BYTE, "bits_per_byte")):
        found = compare(items, groups, "text", ["web", "wiki"], metric=metric).to_json()
        domains = found["comparisons"]["code"]["domains"]
        assert found["metric"] == name and {f"delta_{name}", f"se_arm_{name}", "p_value"} <= domains["web"].keys()
        assert domains["wiki"].keys() == {"documents", "verdict", "reason"}
        assert domains["web"]["deltas"][0].keys() == {"seed", f"delta_{name}"}
        assert found["runs"][0]["domains"]["web"].keys() == {name, "nats", "documents", "bytes", "tokens"}
        control = found["a_a"]["domains"]["web"]
        assert f"sigma_{name}" in control and f"ci95_low_{name}" not in control and control["p_value"] is None


def test_one_seed_has_no_interval():
    result = verdict(*design([2.0], [1.0], [2.0]))
    assert (result.verdict, result.ci95_low) == ("undecided", None) and "seed" in result.reason


def test_two_seeds_are_undecided_and_say_how_many_it_takes_for_an_effect_that_was_stated_before():
    result = verdict(*design([2.0, 2.02], [1.9, 1.97], [2.01, 2.0]))
    assert result.verdict == "undecided" and result.arm_df == 1
    assert [each.effect_percent for each in result.seeds_needed] == [0.5, 1.0, 2.0]
    needed = result.seeds_needed[0].seeds
    assert needed > result.seeds_needed[1].seeds > result.seeds_needed[2].seeds > 2
    assert f"To find a difference of 0.5 % four times in five, it would take {needed} seeds" in result.reason


def test_without_an_a_a_control_nothing_is_claimed():
    result = verdict(*design([2.0, 2.01, 2.02], [1.0, 1.01, 1.021], []))
    assert result.verdict == "undecided" and "A/A" in result.reason


def test_a_control_that_differs_from_itself_forbids_a_claim():
    items, groups = design([2.0, 2.001, 2.002], [1.0, 1.001, 1.0025], [2.5, 2.501, 2.502])
    assert compare(items, groups, "text").a_a.domains["web"].false_positive
    assert "A/A control differs" in verdict(items, groups).reason


def test_noise_comes_from_the_control_and_the_margin_does_not():
    items, groups = design([2.0, 2.2], [2.0, 2.2], [2.1, 2.3])
    control = compare(items, groups, "text").a_a.domains["web"]
    assert control.sigma == pytest.approx(np.std([2.0, 2.2, 2.1, 2.3], ddof=1))
    assert control.delta == pytest.approx(0.1) and (control.arm_df, control.baseline_df) == (1, 1)
    assert not control.false_positive
    wild = design([1.0, 3.2], [2.0, 2.2], [2.1, 2.3])
    for each in ((items, groups), wild):
        result = verdict(*each, margin_percent=2.0)
        assert result.equivalence_margin == pytest.approx(0.02 * result.baseline)


def test_a_tight_interval_inside_the_margin_is_practical_equivalence():
    base = [2.0, 2.001, 2.002, 1.999, 2.0005]
    near = [b + d for b, d in zip(base, [.0001, -.0001, .0002, -.0002, 0], strict=True)]
    items, groups = design(base, near, [2.0002, 2.0012, 2.0018, 1.9995, 2.0013])
    result = verdict(items, groups)
    assert result.verdict == "practically equivalent" and "±0.0100, which was to count as nothing" in result.reason
    assert verdict(items, groups, margin_percent=0.01).verdict == "undecided"


def test_all_runs_of_the_baseline_count_and_seeds_need_not_be_shared():
    items, groups = design([2.0, 2.1], [1.9, 2.02], [2.05, 2.15])
    groups = {"text": groups["a_a"], "code": groups["code"]}
    result = verdict(items, groups)
    assert result.deltas == [] and result.sign_flip_p_value is None and result.ci95_low < result.delta
    items, groups = design([2.0, 2.1, 2.2], [1.9, 2.02], [2.05, 2.15])
    assert [each.seed for each in verdict(items, groups).deltas] == [0, 1]
    assert verdict(items, groups).baseline == pytest.approx(np.mean([2.0, 2.1, 2.2, 2.05, 2.15]))


def several(domains=("a", "b"), **settings):
    base, control = [2.0, 2.01, 2.02], [2.0, 2.01, 2.03]
    noises = ([0, .03, -.03], [0, .01, -.01])
    parts = [design(base, [b - 0.1 + n for b, n in zip(base, noise, strict=True)], control, domain=domain)
             for domain, noise in zip(domains, noises, strict=True)]
    items, groups = pa.concat_tables([part[0] for part in parts]), parts[0][1]
    twin = items.filter(pa.compute.equal(items["arm"], "code"))
    for column in ("run", "arm"):
        renamed = pa.compute.replace_substring(twin[column].cast(pa.string()), "code", "more")
        twin = twin.set_column(twin.schema.get_field_index(column), items.schema.field(column), renamed)
    groups["more"] = [run.replace("code", "more") for run in groups["code"]]
    return compare(pa.concat_tables([items, twin]), groups, "text", **settings)


def test_holm_runs_over_arms_and_domains():
    found = several()
    by_arm = {arm: found.arms[arm].domains for arm in ("code", "more")}
    assert found.settings.tests == 4
    smallest = by_arm["code"]["b"]
    assert smallest.p_holm == pytest.approx(4 * smallest.p_value)
    assert by_arm["more"]["b"].p_holm == pytest.approx(4 * smallest.p_value)


def test_the_interval_that_is_told_excludes_zero_exactly_where_a_difference_is_claimed():
    decided = set()
    for shift in (0.0, 0.05, 0.15, 0.4):
        base = [2.0, 2.01, 2.02]
        arm = [b - shift + n for b, n in zip(base, [0, .01, -.01], strict=True)]
        items, groups = design(base, arm, [2.0, 2.01, 2.03])
        for result in compare(items, groups, "text").arms["code"].domains.values():
            excluded = not result.told_low <= 0 <= result.told_high
            assert excluded == (result.verdict in ("better", "worse"))
            decided.add(result.verdict)
    assert decided == {"undecided", "better"}


def test_of_a_domain_that_is_not_primary_an_interval_is_told_and_no_verdict():
    found = several(primary=["b"])
    first, second = (found.arms["code"].domains[name] for name in ("a", "b"))
    assert first.verdict == "no claim" and first.p_holm is None and first.told_low is None and first.ci95_low
    assert second.p_holm == pytest.approx(2 * second.p_value) and found.settings.tests == 2
    assert "no claim on a" in found.verdict[0]


def test_an_arm_that_is_the_baseline_is_not_explained_by_its_seeds():
    same = verdict(*design([1.0, 1.1, 1.2], [1.0, 1.1, 1.2], [1.05, 1.15, 1.1]))
    assert same.verdict == "undecided" and "trained on the same sequences" in same.reason


def test_a_domain_without_documents_is_undecided():
    items, groups = design([2.0, 2.1], [1.9, 2.06], [2.05, 2.15])
    result = compare(items, groups, "text", ["web", "wiki"])
    assert result.arms["code"].domains["wiki"].verdict == "undecided"
    assert result.verdict[0] == "code against text: undecided on web and wiki."
    assert result.verdict[2] == "  wiki: undecided. No held-out documents of this domain were scored."
    assert result.verdict[1].startswith("  web: undecided, −0.0950 bits per byte (95 % interval −")


def test_the_result_is_json_and_does_not_depend_on_the_order_of_rows():
    items, groups = design([2.0, 2.1, 2.2], [1.9, 2.02, 2.09], [2.05, 2.15, 2.1])
    shuffled = items.take(pa.array(generator(0, "shuffle").permutation(items.num_rows)))
    first, second = (json.dumps(compare(t, groups, "text").to_json(), allow_nan=False) for t in (items, shuffled))
    assert first == second


@pytest.mark.parametrize("change, message", [
    (lambda t: t.slice(1), "same documents"),
    (lambda t: pa.concat_tables([t, t]), "twice"),
    (lambda t: t.set_column(6, "nats", pa.array([math.nan] * t.num_rows)), "diverged"),
    (lambda t: t.filter(pa.compute.not_equal(t["run"], "code-s0")), "no evaluated documents"),
])
def test_rows_that_cannot_be_compared_are_refused(change, message):
    items, groups = design([2.0, 2.1], [1.9, 2.02], [2.05, 2.15])
    with pytest.raises(DataError, match=message):
        compare(change(items), groups, "text")
