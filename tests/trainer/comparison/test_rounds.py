"""Looked at round by round: what a look settles stays; intervals exclude zero exactly where a difference is told."""

import json
import math

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.interval_coverage import Setting
from benchmarks.rounds import simulate
from maslin.manifests.tables import EVALUATION_ITEMS
from maslin.trainer.comparison.compare import A_A, compare
from maslin.trainer.comparison.results import Comparison
from maslin.trainer.comparison.rounds import RoundsPlan
from maslin.trainer.comparison.spending import Spending
from maslin.trainer.comparison.statistics import generator

LN2 = math.log(2)


def items(shifts, rounds, noise=0.01, documents=12, key=""):
    """Rows and groups: `shifts` arm → domain → what it has more than the baseline, or a function of the seed."""
    rows, groups = [], {arm: [] for arm in ("base", *shifts, A_A)}
    domains = sorted(next(iter(shifts.values())))
    for group, runs in groups.items():
        for seed in range(rounds):
            runs.append(f"{group}-s{seed}")
            for domain in domains:
                shift = shifts.get(group, {}).get(domain, 0.0)
                shift = shift(seed) if callable(shift) else shift
                drawn = generator(seed, "run", key, group, domain).normal(0, noise)
                for number in range(documents):
                    level = 2 + generator(0, "document", domain, str(number)).normal(0, 0.2)
                    rows.append({
                        "run": runs[-1], "arm": group, "seed": seed + 100 * (group == A_A), "domain": domain,
                        "id": f"{number:032x}", "cluster": f"site{number}",
                        "nats": (level + shift + drawn) * 1000 * LN2, "bytes": 1000, "tokens": 250})
    return pa.Table.from_pylist(rows, schema=EVALUATION_ITEMS), groups


def looked(shifts, done, most=5, **how):
    rows, groups = items(shifts, done, **how)
    return compare(rows, groups, "base", plan=RoundsPlan(most, "d1"))


def test_a_large_effect_is_settled_at_the_first_look_and_no_later_round_changes_it():
    effect = {"arm": {"web": lambda seed: -0.5 if seed < 2 else 0.5}}
    first, later = (looked(effect, done, noise=0.0005) for done in (2, 3))
    assert (first.arms["arm"].domains["web"].verdict, first.rounds.ended) == ("better", "settled")
    assert later.arms["arm"].domains["web"] == first.arms["arm"].domains["web"]
    assert [look.found["arm"]["web"].delta for look in later.rounds.looks] == pytest.approx([-0.5, -1 / 6], abs=0.01)
    assert first.arms["arm"].domains["web"].settled_after == 2 and "Settled after 2 rounds" in "".join(first.verdict)
    assert "from the second to the 2nd, of at most 5 (plan d1" in first.verdict[-1]


def test_what_one_look_would_decide_is_open_at_an_early_one_and_the_rounds_are_spent_at_the_last():
    shifts = {"arm": {"web": -0.05}}
    rows, groups = items(shifts, 3)
    assert compare(rows, groups, "base").arms["arm"].domains["web"].verdict == "better"
    early = compare(rows, groups, "base", plan=RoundsPlan(10, "d1"))
    assert (early.arms["arm"].domains["web"].verdict, early.rounds.ended) == ("undecided", "")
    none = looked({"arm": {"web": 0.0}}, 3, most=3, noise=0.05)
    assert none.rounds.ended == "spent" and "the rounds are spent, with 1 of the claims undecided" in none.verdict[-1]


def test_recipes_that_do_the_same_are_practically_equivalent_as_soon_as_that_is_sure():
    found = looked({"arm": {"web": 0.0001}}, 4, noise=0.001)
    result = found.arms["arm"].domains["web"]
    assert (result.verdict, found.rounds.ended) == ("practically equivalent", "settled")
    assert result.equivalence_p_holm <= 0.05 < result.p_holm


@pytest.mark.parametrize("number", range(12))
def test_intervals_exclude_zero_exactly_where_a_difference_is_told_at_every_look(number):
    draw = generator(0, "design", str(number))
    shifts = {arm: {domain: draw.choice([0, 0.01, 0.03, 0.1]) for domain in ("web", "wiki")} for arm in ("one", "two")}
    whole = looked(shifts, 4, most=4, key=str(number))
    rejected: set = set()
    for look in whole.rounds.looks:
        for arm, found in look.found.items():
            for domain, seen in found.items():
                result = whole.arms[arm].domains[domain]
                if result.settled_after in (None, look.rounds) or look.rounds < result.settled_after:
                    told = seen.told_low > 0 or seen.told_high < 0
                    assert told == (seen.verdict in ("better", "worse"))
                assert (arm, domain) not in rejected or seen.verdict in ("better", "worse")
                rejected |= {(arm, domain)} if seen.verdict in ("better", "worse") else set()
    for arm in whole.arms.values():
        for result in arm.scored.values():
            assert (result.told_low > 0 or result.told_high < 0) == (result.verdict in ("better", "worse"))


def test_levels_are_those_that_are_spent_and_documents_do_not_shrink():
    found = looked({"arm": {"web": 0.02}}, 5, most=5, noise=0.03)
    result, spending = found.arms["arm"].domains["web"], Spending(5)
    assert result.verdict == "undecided" and result.told_confidence == pytest.approx(1 - spending.level(5, 0.05))
    assert [look.level for look in found.rounds.looks] == pytest.approx([spending.level(k, 0.05) for k in range(2, 6)])
    two, five = (looked({"arm": {"web": 0.02}}, done, noise=0.03).arms["arm"].domains["web"] for done in (2, 5))
    assert two.se_documents == pytest.approx(five.se_documents) and two.documents_df == five.documents_df


def test_it_is_read_back_as_it_was_written_and_one_look_writes_nothing_of_rounds():
    found = looked({"arm": {"web": -0.2}}, 3)
    written = json.loads(json.dumps(found.to_json()))
    assert Comparison.from_json(written) == found and written["rounds"]["plan"]["digest"] == "d1"
    rows, groups = items({"arm": {"web": -0.2}}, 3)
    once = compare(rows, groups, "base").to_json()
    assert "rounds" not in once and "settled_after" not in once["comparisons"]["arm"]["domains"]["web"]


NOISE = 2.6  # standard errors of a simulated share: 1 in 200 a setting


@pytest.mark.slow
@pytest.mark.parametrize("setting", [
    Setting(5, 4, 40, 0.0, 10.0, 0.0, 0.0, 1, 1), Setting(8, 1, 40, 0.0, 0.1, 0.0, 0.0, 1, 1),
    Setting(3, 2, 40, 1.0, 3.0, 0.0, 1.0, 2, 3), Setting(5, 2, 12, 1.5, 1.0, 0.0, 3.0, 1, 3),
    Setting(5, 2, 1, 0.0, 1.0, 0.9, 3.0, 1, 1), Setting(3, 1, 40, 2.0, 1.0, 0.0, 3.0, 8, 3)], ids=str)
def test_looking_again_and_again_errs_no_more_than_one_time_in_twenty(setting):
    draws = 3000
    told = simulate(setting, draws, ["ours", "once"])
    for error in ("any_false", "any_false_equivalent"):
        assert told["ours"][error] <= 0.05 + NOISE * math.sqrt(0.05 * 0.95 / draws)
    assert told["ours"]["coverage"] >= 0.94 - NOISE * math.sqrt(0.06 * 0.94 / draws)
    assert told["ours"]["rounds_large"] <= setting.seeds and told["ours"]["power"] <= told["once"]["power"]


@pytest.mark.slow
def test_levels_for_normal_errors_do_not_hold_and_are_seen_not_to():
    told = simulate(Setting(8, 4, 40, 0.0, 10.0, 0.0, 0.0, 1, 1), 20_000, ["normal", "ours"])
    assert told["normal"]["any_false"] > 0.054 > told["ours"]["any_false"]


def test_p_by_interpolation_is_p_by_the_functions_of_a_comparison():
    from benchmarks.interval_coverage import draw
    from benchmarks.rounds import Look
    from maslin.trainer.comparison.uncertainty import Part, Uncertainty

    setting = Setting(4, 2, 30, 1.0, 3.0, 0.0, 1.0, 2, 2)
    made = draw(setting, 5, "p")
    p = Look(made, 4, setting).differs(2.0).reshape(5, 2, 2)
    for place in np.ndindex(p.shape):
        error = Uncertainty(Part(made.arm.se[place], made.arm.df), Part(
            made.baseline.se[place[0], 0, place[2]], made.baseline.df), Part(
                made.documents.se[place], made.documents.df))
        assert p[place] == pytest.approx(error.p_value(made.error[place] + 2.0), rel=6e-3)
