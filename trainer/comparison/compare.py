"""Compare recipes: per-document rows of evaluations in, what was found of every arm on every domain out.

The protocol, in order: the metric's figure per run and domain; the difference of an arm from all runs of the baseline;
its error over the runs of each and over documents (uncertainty.py, documents_error.py); Holm over all arms and primary
domains together; an A/A control (the baseline's seeds in two halves, split by number) that withholds claims where it
finds what is not there; a margin of practical equivalence that is stated beforehand. A verdict is `better`, `worse`,
`practically equivalent` or `undecided`; there is no overall verdict. Where it is looked after every round of seeds,
each look is tested at its part of the error (spending.py), and what it settles stays. docs/statistics.md says why, with
figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.manifests.errors import DataError
from maslin.trainer.comparison import statistics as st
from maslin.trainer.comparison.documents_error import are_few, between_clusters, effective_number, within_clusters
from maslin.trainer.comparison.metrics import BITS_PER_BYTE, Metric
from maslin.trainer.comparison.results import (
    AAControl,
    ArmResult,
    Comparison,
    ControlResult,
    DomainResult,
    Interval,
    LookResult,
    NotScored,
    RoundsResult,
    RunResult,
    RunScore,
    SeedDifference,
    SeedsNeeded,
    Seen,
    Settings,
)
from maslin.trainer.comparison.rounds import RoundsPlan, spent
from maslin.trainer.comparison.spending import Look, Spending
from maslin.trainer.comparison.uncertainty import (
    ALPHA,
    CONFIDENCE,
    POWER,
    Part,
    Uncertainty,
    runs_part,
    sd,
    seeds_needed,
)
from maslin.trainer.comparison.verdict import (
    BETTER,
    EQUIVALENT,
    NOT_SCORED,
    SETTLED,
    UNDECIDED,
    WORSE,
    arm_sentence,
    decide,
    rounds_sentence,
    verdict_lines,
)

A_A = "a_a"
MARGIN_PERCENT = 0.5  # of the baseline's figure: about 1.13 times the compute by published slopes
EFFECTS_PERCENT = (1.0, 2.0)  # beside the margin, effects that the seeds needed are told for


@dataclass(frozen=True)
class Domain:
    """One held-out domain scored by every run. `scores` has shape (runs, documents), the others (documents,).

    Documents are in the order of their ids; `clusters` are codes from 0 of the sites or repositories they belong to,
    documents that belong to none having one of their own.
    """

    name: str
    metric: Metric
    runs: list[str]
    scores: np.ndarray
    bytes: np.ndarray
    tokens: np.ndarray
    clusters: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """What the metric's scores are divided by."""
        return self.tokens if self.metric.per == "tokens" else self.bytes

    def score(self, run: str) -> float:
        return self.scores[self.runs.index(run)].sum()

    def figure(self, run: str) -> float:
        return self.metric.figure(self.score(run), self.sizes.sum())

    def figures(self, runs: Sequence[str]) -> list[float]:
        return [self.figure(run) for run in runs]

    def mean_scores(self, runs: Sequence[str]) -> np.ndarray:
        """The score of each document, mean over runs; shape (documents,)."""
        return self.scores[[self.runs.index(run) for run in runs]].mean(axis=0)


@dataclass(frozen=True)
class Design:
    """Who is compared with whom, and how, at a look. `seeds` maps runs to seeds; `tests` is the size of the family."""

    groups: Mapping[str, Sequence[str]]
    baseline: str
    seeds: Mapping[str, int]
    primary: frozenset[str]
    margin_percent: float
    tests: int
    seed: int
    look: Look

    @property
    def level(self) -> float:
        """Of a test, were it the first of the family to be rejected."""
        return self.look.level(ALPHA / self.tests)

    @property
    def baseline_runs(self) -> list[str]:
        """All runs of the baseline's recipe, the control's among them."""
        return [*self.groups[self.baseline], *self.groups.get(A_A, ())]


def compare(
    items: pa.Table, groups: Mapping[str, Sequence[str]], baseline: str, domains: Sequence[str] | None = None,
    *, primary: Sequence[str] | None = None, margin_percent: float = MARGIN_PERCENT, metric: Metric = BITS_PER_BYTE,
    seed: int = 0, plan: RoundsPlan | None = None,
) -> Comparison:
    """The comparison of every arm with the baseline.

    `items`: rows as `evaluate.items_schema` has them for the metric. `groups`: arm → names of its runs; the key "a_a"
    names runs of the baseline's recipe with other seeds. `primary`: the domains that claims are made of (default: all);
    of the others an interval is told, and no verdict. `margin_percent` of the baseline's figure is practically
    nothing. `seed` is that of the sign flips. `plan`: it is looked after every round, the first run of each group, then
    the first two, and so on; a claim has the figures of the look that settled it.

    Raises DataError when runs were scored on different documents, a document twice, or with a score that is no number.
    """
    if baseline not in groups:
        raise DataError(f"the baseline `{baseline}` is in no group of runs: {', '.join(groups)}.")
    runs = [run for group in groups.values() for run in group]
    items = items.filter(pc.is_in(items["run"], pa.array(runs, pa.string())))
    names = list(domains) if domains is not None else sorted(pc.unique(items["domain"]).to_pylist())
    seeds = _seeds(items, runs)
    scored = {name: domain for name in names if (domain := _domain(items, name, metric, runs)) is not None}
    first = frozenset(names if primary is None else primary)
    arms = [arm for arm in groups if arm not in (baseline, A_A)]
    tests = max(1, len(arms) * len(first & scored.keys()))
    judged: dict[tuple[str, str], DomainResult] = {}
    seen: list[LookResult] = []
    for look, members in _looks(groups, baseline, plan):
        design = Design(members, baseline, seeds, first, margin_percent, tests, seed, look)
        a_a = _a_a(scored, design)
        measured = {
            (arm, name): _compare_domain(domain, arm, design) for arm in arms for name, domain in scored.items()}
        settled = {key: result for key, result in judged.items() if result.verdict in SETTLED}
        fresh = _judge(metric, measured | settled, a_a, look)
        judged = fresh
        if plan is not None:
            judged = {key: _settled(result, look) if key not in settled else result for key, result in fresh.items()}
            seen.append(_seen(measured, judged, design, plan))
    rounds = None if plan is None else _rounds(plan, seen)
    found: dict[str, ArmResult] = {}
    for arm in arms:
        results: dict[str, DomainResult | NotScored] = {name: judged.get((arm, name), NOT_SCORED) for name in names}
        found[arm] = ArmResult(domains=results, sentence=arm_sentence(metric, arm, baseline, results))
    return Comparison(
        metric=metric, baseline=baseline, domains=names,
        settings=Settings(
            confidence=CONFIDENCE, power=POWER, margin_percent=margin_percent,
            primary=[name for name in names if name in first], tests=tests, seed=seed),
        runs=[_run_result(run, group, scored, design) for group, members in groups.items() for run in members],
        a_a=a_a, arms=found, rounds=rounds,
        verdict=verdict_lines(metric, baseline, found) + ([] if rounds is None else [rounds_sentence(rounds)]))


def _looks(
    groups: Mapping[str, Sequence[str]], baseline: str, plan: RoundsPlan | None,
) -> list[tuple[Look, Mapping[str, Sequence[str]]]]:
    """The looks so far, each with the runs that there were then."""
    if plan is None:
        return [(Look(), groups)]
    spending, done = Spending(plan.rounds), len(groups[baseline])
    return [(Look(rounds, spending), {group: runs[:rounds] for group, runs in groups.items()})
            for rounds in spending.looks if rounds <= done]


def _settled(result: DomainResult, look: Look) -> DomainResult:
    """With the look that settled it, if it did."""
    if result.verdict not in SETTLED:
        return result
    return replace(result, settled_after=look.rounds, reason=f"{result.reason} Settled after {look.rounds} rounds.")


def _seen(
    measured: Mapping[tuple[str, str], DomainResult], judged: Mapping[tuple[str, str], DomainResult], design: Design,
    plan: RoundsPlan,
) -> LookResult:
    """What a look found, with the later figures of what had been settled before."""
    found: dict[str, dict[str, Seen]] = {}
    for (arm, name), result in judged.items():
        now, error = measured[arm, name], _error(measured[arm, name])
        confidence = result.told_confidence if result.settled_after in (None, design.look.rounds) else 1 - design.level
        low, high = (None, None) if error is None or confidence is None else error.interval(now.delta, 1 - confidence)
        found.setdefault(arm, {})[name] = Seen(
            delta=now.delta, told_low=low, told_high=high, told_confidence=confidence, verdict=result.verdict)
    return LookResult(
        rounds=design.look.rounds, spent=spent(design.look.rounds, plan.rounds), level=design.look.level(ALPHA),
        open=sum(result.verdict == UNDECIDED for result in judged.values()), found=found)


def _rounds(plan: RoundsPlan, looks: list[LookResult]) -> RoundsResult:
    ended = "settled" if not looks[-1].open else "spent" if looks[-1].rounds == plan.rounds else ""
    return RoundsResult(plan=plan.to_json(), looks=looks, ended=ended)


def _run_result(run: str, group: str, scored: Mapping[str, Domain], design: Design) -> RunResult:
    return RunResult(
        run=run, group=group, arm=design.baseline if group == A_A else group, seed=design.seeds[run],
        domains={
            name: RunScore(
                figure=domain.figure(run), score=float(domain.score(run)), documents=len(domain.bytes),
                bytes=int(domain.bytes.sum()), tokens=int(domain.tokens.sum()))
            for name, domain in scored.items()
        })


def _seeds(items: pa.Table, runs: Sequence[str]) -> dict[str, int]:
    pairs = items.group_by(["run", "seed"]).aggregate([]).to_pylist()
    seeds = {pair["run"]: pair["seed"] for pair in pairs}
    if missing := [run for run in runs if run not in seeds]:
        raise DataError(f"no evaluated documents of run {missing[0]}: evaluate it again.")
    if len(pairs) != len(seeds):
        raise DataError("a run has rows with two seeds: the evaluation's rows are mixed up; evaluate again.")
    return seeds


def _domain(items: pa.Table, name: str, metric: Metric, runs: Sequence[str]) -> Domain | None:
    """The matrix of one domain, checked: every run has every document once, of the same size. None without rows."""
    rows = items.filter(pc.equal(items["domain"], name)).sort_by([("run", "ascending"), ("id", "ascending")])
    if rows.num_rows == 0:
        return None
    order = sorted(runs)
    run_column = np.asarray(rows["run"].to_pylist(), dtype=object)
    starts = {run: int(np.searchsorted(run_column, run)) for run in order}
    count = int((run_column == order[0]).sum())
    first = rows.slice(starts[order[0]], count)
    ids, sizes = first["id"], first[metric.per].to_numpy()
    if len(pc.unique(ids)) != count:
        raise DataError(f"domain {name}, run {order[0]}: a document was scored twice; evaluate this run again.")
    scores = np.empty((len(order), count))
    for index, run in enumerate(order):
        part = rows.slice(starts[run], int((run_column == run).sum()))
        same = part.num_rows == count and part["id"].equals(ids)
        if not same or not np.array_equal(part[metric.per].to_numpy(), sizes):
            raise DataError(
                f"domain {name}: run {run} was not scored on the same documents as run {order[0]} "
                f"({part.num_rows:,} and {count:,} rows); evaluate both again with the same settings.")
        scores[index] = part[metric.score].to_numpy()
        if not np.isfinite(scores[index]).all():
            raise DataError(f"domain {name}: run {run} has a score ({metric.score}) that is no number: it diverged. "
                            "Lower its learning rate and train it again, or leave its arm out.")
    if sizes.sum() <= 0:
        raise DataError(f"domain {name}: its documents have no {metric.per} to score.")
    named = [cluster if cluster is not None else key for cluster, key in
             zip(first["cluster"].to_pylist(), ids.to_pylist(), strict=True)]
    codes = np.unique(np.asarray(named, dtype=str), return_inverse=True)[1]
    return Domain(name, metric, order, scores, first["bytes"].to_numpy(), first["tokens"].to_numpy(), codes)


@dataclass(frozen=True)
class _Documents:
    """The documents' part of an error: over clusters, and within them; either may not be known."""

    beyond: Part | None
    within: Part | None
    conditional: bool

    @property
    def told(self) -> Part | None:
        return self.within if self.conditional else self.beyond


def _documents(domain: Domain, a: Sequence[str], b: Sequence[str]) -> _Documents:
    """Of figure(a) − figure(b), each the mean over its runs."""
    difference = domain.mean_scores(a) - domain.mean_scores(b)
    sizes = domain.sizes.astype(np.float64)
    beyond = between_clusters(np.bincount(domain.clusters, difference), np.bincount(domain.clusters, sizes))
    within, divisor = within_clusters(difference, sizes, domain.clusters), domain.metric.divisor
    return _Documents(
        *(part and Part(float(part.se) / divisor, part.df) for part in (beyond, within)),
        conditional=are_few(sizes, domain.clusters))


def _interval(delta: float, error: Uncertainty, look: Look) -> Interval:
    low, high = error.interval(delta, look.level(ALPHA))
    documents = error.documents
    return Interval(
        delta=delta, se_arm=float(error.arm.se), arm_df=error.arm.df, se_baseline=float(error.baseline.se),
        baseline_df=error.baseline.df, se_documents=None if documents is None else float(documents.se),
        documents_df=None if documents is None else documents.df, se_total=float(error.total), ci95_low=low,
        ci95_high=high, p_value=look.size(error.p_value(delta)))


def _a_a(scored: Mapping[str, Domain], design: Design) -> AAControl:
    """The control: noise σ of one run, and whether the method finds a difference of the baseline from itself."""
    control, base = list(design.groups.get(A_A, ())), design.groups[design.baseline]
    found: dict[str, ControlResult] = {}
    errors: dict[str, Uncertainty] = {}
    for name, domain in scored.items() if control else ():
        a, b = domain.figures(control), domain.figures(base)
        sigma, sigma_df = float(sd([*a, *b])), len(a) + len(b) - 1  # one recipe: one population
        low, high = st.sd_interval(sigma, sigma_df)
        found[name] = ControlResult(
            sigma=sigma, sigma_df=sigma_df, sigma_ci95_low=low, sigma_ci95_high=high,
            delta=float(np.mean(a) - np.mean(b)))
        if min(len(a), len(b)) >= 2:
            errors[name] = Uncertainty(runs_part(a), runs_part(b), _documents(domain, control, base).told)
            found[name] = replace(found[name], **vars(_interval(found[name].delta, errors[name], design.look)))
    tested = [result.p_value if name in design.primary else None for name, result in found.items()]
    for (name, result), p, level in zip(found.items(), st.holm(tested), st.holm_levels(tested), strict=True):
        found[name] = replace(
            result, **_told(result.delta, errors.get(name), p, level, design.look),
            false_positive=None if p is None else p <= ALPHA)
    return AAControl(runs=control, domains=found)


def _told(
    delta: float, error: Uncertainty | None, p_holm: float | None, size: float | None, look: Look,
) -> dict[str, Any]:
    """The adjusted p, and the interval at the level at which it was tested: they exclude zero together."""
    if error is None or size is None:
        return {"p_holm": p_holm}
    level = look.level(size)
    low, high = error.interval(delta, level)
    return {"p_holm": p_holm, "told_low": low, "told_high": high, "told_confidence": 1 - level}


def _compare_domain(domain: Domain, arm: str, design: Design) -> DomainResult:
    """Everything measured of one arm on one domain; `_judge` adds what depends on the others of the family."""
    # What they differ by.
    runs_a, runs_b = list(design.groups[arm]), design.baseline_runs
    a, b = domain.figures(runs_a), domain.figures(runs_b)
    base, delta = float(np.mean(b)), float(np.mean(a) - np.mean(b))
    by_seed_a, by_seed_b = ({design.seeds[run]: run for run in design.groups[name]} for name in (arm, design.baseline))
    common = sorted(by_seed_a.keys() & by_seed_b.keys())
    deltas = [domain.figure(by_seed_a[s]) - domain.figure(by_seed_b[s]) for s in common]
    by_cluster = np.bincount(domain.clusters, domain.sizes)
    documents = _documents(domain, runs_a, runs_b)
    margin = abs(base) * design.margin_percent / 100
    result = DomainResult(
        seeds_per_arm=len(a), baseline_runs=len(b), documents=len(domain.bytes), bytes=int(domain.bytes.sum()),
        clusters=len(by_cluster), effective_clusters=effective_number(by_cluster), conditional=documents.conditional,
        primary=domain.name in design.primary, baseline=base, arm=float(np.mean(a)), delta=delta,
        delta_percent=100 * delta / base if base else None,
        deltas=[SeedDifference(seed=s, delta=d) for s, d in zip(common, deltas, strict=True)],
        equivalence_margin=margin)
    if min(len(a), len(b)) < 2:
        return result

    # How sure that is.
    arm_part, base_part = runs_part(a), runs_part(b)
    error = Uncertainty(arm_part, base_part, documents.told)
    if len(deltas) >= 2:
        result = replace(
            result, sign_flip_p_value=st.sign_flip_p(deltas, design.seed, domain.name, arm),
            sign_flip_smallest_p_value=st.smallest_sign_flip_p(len(deltas)))
    ways = {"these_clusters": documents.within, "beyond_these_clusters": documents.beyond}
    needed = [
        SeedsNeeded(effect_percent=percent, effect=abs(base) * percent / 100, seeds=seeds_needed(
            abs(base) * percent / 100, float(sd(a)), float(sd(b)), len(b) / len(a), documents.told, design.level))
        for percent in (design.margin_percent, *(e for e in EFFECTS_PERCENT if e > design.margin_percent))]
    return replace(
        result, **vars(_interval(delta, error, design.look)), minimum_detectable_effect=error.detectable(design.level),
        intervals={
            way: _interval(delta, Uncertainty(arm_part, base_part, part), design.look)
            for way, part in ways.items() if part},
        seeds_needed=needed, equivalence_p_value=design.look.size(error.equivalence_p(delta, margin)))


def _error(result: DomainResult) -> Uncertainty | None:
    """The error that a result was told with."""
    if result.se_arm is None or result.se_baseline is None or result.arm_df is None or result.baseline_df is None:
        return None
    documents = None if result.se_documents is None or result.documents_df is None else Part(
        result.se_documents, result.documents_df)
    return Uncertainty(Part(result.se_arm, result.arm_df), Part(result.se_baseline, result.baseline_df), documents)


def _in_family(result: DomainResult, p: float | None, rejected: Sequence[str]) -> float | None:
    """p as Holm's procedure takes it: None leaves the family, as what an earlier look rejected does.

    What an earlier look settled otherwise stays in it, and is not tested again.
    """
    if not result.primary or result.verdict in rejected:
        return None
    return 1.0 if result.verdict else p


def _judge(
    metric: Metric, measured: Mapping[tuple[str, str], DomainResult], a_a: AAControl, look: Look,
) -> dict[tuple[str, str], DomainResult]:
    """With what needs the whole family: Holm's corrections over arms and primary domains, and the verdicts.

    Those that have a verdict keep it, as an earlier look settled it.
    """
    differ = [_in_family(result, result.p_value, (BETTER, WORSE)) for result in measured.values()]
    equal = [_in_family(result, result.equivalence_p_value, (EQUIVALENT,)) for result in measured.values()]
    judged = {}
    for (key, result), p, level, equivalence_p in zip(
            measured.items(), st.holm(differ), st.holm_levels(differ), st.holm(equal), strict=True):
        if result.verdict:
            judged[key] = result
            continue
        corrected = replace(
            result, **_told(result.delta, _error(result), p, level, look), equivalence_p_holm=equivalence_p)
        verdict, reason = decide(metric, corrected, a_a.domains.get(key[1]))
        judged[key] = replace(corrected, verdict=verdict, reason=reason)
    return judged
