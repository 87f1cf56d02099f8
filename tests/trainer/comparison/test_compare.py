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


def design(baseline, arm, a_a, documents=4, domain="web"):
    """Items and groups where every document of run s has the given bits per byte."""
    parts, groups = [], {"text": [], "code": [], "a_a": []}
    for group, recipe, offset, values in (
        ("text", "text", 0, baseline), ("code", "code", 0, arm), ("a_a", "text", 100, a_a)
    ):
        for index, value in enumerate(values):
            run = f"{recipe}-s{index + offset}"
            groups[group].append(run)
            parts.append(rows(run, recipe, index + offset, [value] * documents, domain))
    return table(*parts), {name: runs for name, runs in groups.items() if runs}


def verdict(items, groups, domain="web", **settings):
    return compare(items, groups, "text", **settings).arms["code"].domains[domain]


def test_differences_and_interval_by_hand():
    items, groups = design([2.0, 2.1, 2.2], [1.9, 1.9, 2.2], [2.05, 2.15, 2.1])
    result = verdict(items, groups)
    assert [d.delta for d in result.deltas] == pytest.approx([-0.1, -0.2, 0.0])
    assert result.delta == pytest.approx(-0.1)
    assert result.se_seed == pytest.approx(0.1 / math.sqrt(3))
    assert result.se_documents == pytest.approx(0, abs=1e-12)
    assert (result.method, result.seeds_df) == ("paired", 2)
    assert result.ci95_high == pytest.approx(-0.1 + 4.30265 * 0.1 / math.sqrt(3), abs=1e-5)
    assert result.pair_correlation == pytest.approx(math.sqrt(0.75))
    assert result.sign_flip_p_value == 0.5 and result.sign_flip_smallest_p_value == 0.25
    assert result.minimum_detectable_effect == pytest.approx(0.1 * 3.097, abs=1e-3)


def test_bits_per_byte_is_a_ratio_of_sums():
    parts = [rows(f"{arm}-s{s}", arm, s, [1.0, 3.0], byte_counts=[300, 100])
             for arm in ("text", "code") for s in (0, 1)]
    result = compare(table(*parts), {"text": ["text-s0", "text-s1"], "code": ["code-s0", "code-s1"]}, "text")
    assert result.runs[0].domains["web"].figure == pytest.approx(1.5)


def test_standard_errors_add_in_squares_and_documents_are_drawn_by_cluster():
    bits = [[2.0, 2.2, 2.4, 2.6], [2.1, 2.3, 2.5, 2.7]]
    effect = [-0.3, -0.1, 0.0, 0.1]
    runs = {("text", s): bits[s] for s in (0, 1)} | {
        ("code", s): [b + e + 0.01 * s for b, e in zip(bits[s], effect, strict=True)] for s in (0, 1)}
    groups = {"text": ["text-s0", "text-s1"], "code": ["code-s0", "code-s1"]}
    by_site = {}
    for name, clusters in (("documents", None), ("two", ["a", "a", "b", "b"]), ("one", ["a"] * 4)):
        items = table(*(rows(f"{a}-s{s}", a, s, values, clusters=clusters) for (a, s), values in runs.items()))
        by_site[name] = verdict(items, groups)
    for result in by_site.values():
        assert result.se_total**2 == pytest.approx(result.se_seed**2 + result.se_documents**2)
    # cluster means −0.2 and 0.05: error of their mean is half their distance
    assert by_site["two"].se_documents == pytest.approx(0.125, rel=0.06)
    assert by_site["two"].clusters == 2 and by_site["two"].few_clusters
    # one site alone: documents are drawn, and said to be
    assert (by_site["one"].cluster_unit, by_site["one"].clusters) == ("document", 4)
    assert by_site["one"].se_documents == by_site["documents"].se_documents


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
        signs = {1: "+", -1: "−"}[sign]
        assert found.verdict[0] == f"code against text: {name} on web ({signs}3.000 percent of tokens foretold)."
        assert "; more is better)" in found.verdict[1] and found.to_json()["lower_is_better"] is False
        assert found.runs[0].domains["web"].figure == pytest.approx(40.0)


def test_bits_per_token_divides_the_same_nats_by_tokens():
    items, groups = design([2.0, 2.1], [1.9, 2.06], [2.05, 2.15])
    result = verdict(items, groups, metric=BITS_PER_TOKEN)
    assert (result.baseline, result.delta) == pytest.approx((4 * 2.05, 4 * -0.07))
    assert result.p_value == pytest.approx(verdict(items, groups).p_value)


@pytest.mark.parametrize("seeds", [1, 2, 3])
@pytest.mark.parametrize("metric", [BITS_PER_BYTE, BITS_PER_TOKEN, NEXT_TOKEN_ACCURACY])
def test_json_is_read_back_as_what_was_written(seeds, metric):
    items, groups = design([2.0, 2.1, 2.3][:seeds], [1.9, 2.06, 2.2][:seeds], [2.05, 2.15, 2.0][:seeds])
    if metric is NEXT_TOKEN_ACCURACY:
        items = items.rename_columns([metric.score if name == "nats" else name for name in items.column_names])
    found = compare(items, groups, "text", ["web", "wiki"], MIXED, metric=metric)
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
        assert found["metric"] == name and {f"delta_{name}", f"se_seed_{name}", "p_value"} <= domains["web"].keys()
        assert domains["wiki"].keys() == {"documents", "verdict", "reason"}
        assert domains["web"]["deltas"][0].keys() == {"seed", f"delta_{name}"}
        assert found["runs"][0]["domains"]["web"].keys() == {name, "nats", "documents", "bytes", "tokens"}
        control = found["a_a"]["domains"]["web"]
        assert f"sigma_{name}" in control and f"ci95_low_{name}" not in control and control["p_value"] is None


def test_one_seed_has_no_interval():
    result = verdict(*design([2.0], [1.0], [2.0]))
    assert (result.verdict, result.ci95_low) == ("undecided", None) and "seed" in result.reason


def test_two_seeds_are_undecided_and_say_how_many_it_takes():
    result = verdict(*design([2.0, 2.02], [1.9, 1.97], [2.01, 2.0]))
    assert result.verdict == "undecided" and result.seeds_df == 1 and result.pair_correlation is None
    assert result.seeds_needed > 2 and f"{result.seeds_needed} seeds" in result.reason
    assert result.seeds_still_needed == result.seeds_needed - 2


def test_without_an_a_a_control_nothing_is_claimed():
    result = verdict(*design([2.0, 2.01, 2.02], [1.0, 1.01, 1.021], []))
    assert result.verdict == "undecided" and "A/A" in result.reason


def test_a_control_that_differs_from_itself_forbids_a_claim():
    items, groups = design([2.0, 2.001, 2.002], [1.0, 1.001, 1.0025], [2.5, 2.501, 2.502])
    assert compare(items, groups, "text").a_a.domains["web"].false_positive
    assert "A/A control differs" in verdict(items, groups).reason


def test_noise_and_margin_come_from_the_control():
    items, groups = design([2.0, 2.2], [2.0, 2.2], [2.1, 2.3])
    control = compare(items, groups, "text").a_a.domains["web"]
    assert control.sigma == pytest.approx(np.std([2.0, 2.2, 2.1, 2.3], ddof=1))
    margin = control.equivalence_margin
    assert margin == pytest.approx(1.96 * math.sqrt(2) * control.sigma, rel=1e-4)
    assert control.delta == pytest.approx(0.1) and control.seeds_df == 2
    assert not control.false_positive


def test_a_tight_interval_inside_the_margin_is_practical_equivalence():
    base = [2.0, 2.1, 2.2, 2.05, 2.15]
    items, groups = design(base, [b + d for b, d in zip(base, [.001, -.001, .002, -.002, 0], strict=True)],
                           [2.02, 2.12, 2.18, 2.07, 2.13])
    assert verdict(items, groups).verdict == "practically equivalent"


def test_variances_are_pooled_only_where_the_rules_allow():
    items, groups = design([2.0, 2.1, 2.2], [1.9, 2.02, 2.09], [2.05, 2.15, 2.1])
    pooled = verdict(items, groups, weights=MIXED)
    assert (pooled.method, pooled.seeds_df) == ("pooled", 7) and pooled.pooling.allowed
    assert pooled.intervals.keys() == {"paired", "pooled", "welch"}
    dominated = MIXED | {"code": {"code": 0.9, "web": 0.1}}
    assert "one source" in verdict(items, groups, weights=dominated).pooling.reason
    assert verdict(items, groups, weights=dominated).method == "paired"
    assert "not known" in verdict(items, groups).pooling.reason
    wild, groups = design([2.0, 2.01, 2.02], [1.0, 2.0, 3.0], [2.005, 2.015, 2.01])
    assert "rejects" in verdict(wild, groups, weights=MIXED).pooling.reason
    unlike, groups = design([2.0, 2.01, 2.02], [1.0, 1.001, 1.1], [2.005, 2.015, 2.01])
    assert "times the other" in verdict(unlike, groups, weights=MIXED).pooling.reason
    two, groups = design([2.0, 2.1], [1.9, 2.02], [2.05, 2.15])
    assert "three seeds" in verdict(two, groups, weights=MIXED).pooling.reason


def test_welch_where_no_seed_is_shared():
    items, groups = design([2.0, 2.1], [1.9, 2.02], [2.05, 2.15])
    groups = {"text": groups["a_a"], "code": groups["code"]}
    result = verdict(items, groups)
    assert result.method == "welch" and result.deltas == [] and result.sign_flip_p_value is None


def test_only_common_seeds_are_paired():
    items, groups = design([2.0, 2.1, 2.2], [1.9, 2.02], [2.05, 2.15])
    assert verdict(items, groups).seeds == [0, 1]


def test_holm_runs_over_the_domains_of_an_arm():
    base, control = [2.0, 2.01, 2.02], [2.0, 2.01, 2.03]
    parts = [design(base, [b - 0.1 + n for b, n in zip(base, noise, strict=True)], control, domain=domain)
             for domain, noise in (("a", [0, .03, -.03]), ("b", [0, .01, -.01]))]
    items, groups = pa.concat_tables([part[0] for part in parts]), parts[0][1]
    alone, both = verdict(parts[1][0], groups, "b"), verdict(items, groups, "b")
    assert alone.p_holm == alone.p_value == pytest.approx(both.p_value, rel=0.1)
    assert both.p_holm == 2 * both.p_value


def test_an_arm_that_is_the_baseline_is_not_explained_by_its_seeds():
    same = verdict(*design([1.0, 1.1, 1.2], [1.0, 1.1, 1.2], [1.05, 1.15, 1.1]))
    assert same.verdict == "undecided" and "trained on the same sequences" in same.reason


def test_a_domain_without_documents_is_undecided():
    items, groups = design([2.0, 2.1], [1.9, 2.06], [2.05, 2.15])
    result = compare(items, groups, "text", ["web", "wiki"])
    assert result.arms["code"].domains["wiki"].verdict == "undecided"
    assert result.verdict[0] == "code against text: undecided on web and wiki."
    assert result.verdict[2] == "  wiki: undecided. No held-out documents of this domain were scored."
    assert result.verdict[1].startswith("  web: undecided, −0.0700 bits per byte (95 % interval −0.4")


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


def simulate(trials, effect, seeds, weights=None):
    """Share of trials whose interval holds the true effect, and of those that claim a difference."""
    covered = claimed = 0
    for trial in range(trials):
        rng = generator(trial, "simulation", str(seeds))
        documents = rng.normal(2.0, 0.2, size=30)
        groups, parts = {"text": [], "code": [], "a_a": []}, []
        for group, offset, shift in (("text", 0, 0.0), ("code", 0, effect), ("a_a", seeds, 0.0)):
            for s in range(seeds):
                run = f"{group}-s{s + offset}"
                groups[group].append(run)
                bits = documents + rng.normal(shift, 0.02) + rng.normal(0, 0.01, size=30)
                parts.append(rows(run, group, s + offset, list(bits)))
        result = compare(table(*parts), groups, "text", weights=weights, replicates=60)
        web = result.arms["code"].domains["web"]
        covered += web.ci95_low <= effect <= web.ci95_high
        claimed += web.verdict in ("better", "worse")
    return covered / trials, claimed / trials


@pytest.mark.slow
@pytest.mark.parametrize("weights", [None, MIXED], ids=["paired", "pooled where allowed"])
def test_intervals_cover_and_recipes_that_are_equal_are_rarely_told_apart(weights):
    covered, claimed = simulate(300, 0.0, 3, weights)
    assert covered >= 0.92 and claimed <= 0.08  # nominal .95 and .05; binomial sd .013


def test_large_effects_are_found():
    assert simulate(20, -0.3, 3)[1] == 1.0


def test_undecided_says_when_documents_and_not_seeds_are_missing():
    parts, groups = [], {"text": [], "code": [], "a_a": []}
    for group, offset in (("text", 0), ("code", 0), ("a_a", 3)):
        for s in range(3):
            bits = [2.0 + 0.001 * s] * 4
            if group == "code":
                bits = [b + d for b, d in zip(bits, [-1.0, 0.9, -0.8, 0.5], strict=True)]
            run = f"{group}-s{s + offset}"
            groups[group].append(run)
            parts.append(rows(run, group, s + offset, bits))
    result = verdict(table(*parts), groups)
    assert result.verdict == "undecided" and result.documents_suffice is False
    assert "more held-out documents than these 4" in result.reason
