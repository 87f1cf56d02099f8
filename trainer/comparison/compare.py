"""Compare recipes: per-document rows of evaluations in, what was found of every arm on every domain out.

The protocol, in order: the metric's figure per run and domain; differences per seed on the same documents; an interval
over seeds, widened by the documents' share of the error; an A/A control (the baseline again with other seeds) that
gives the noise, a false-positive check and the region of practical equivalence; Holm over the domains of an arm. A
verdict is `better`, `worse`, `practically equivalent` or `undecided`; there is no overall verdict.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.manifests.errors import DataError
from maslin.trainer.comparison import statistics as st
from maslin.trainer.comparison.metrics import BITS_PER_BYTE, Metric
from maslin.trainer.comparison.results import (
    AAControl,
    ArmResult,
    Comparison,
    ControlResult,
    DomainResult,
    Interval,
    NotScored,
    Pooling,
    RunResult,
    RunScore,
    SeedDifference,
    Settings,
)
from maslin.trainer.comparison.verdict import NOT_SCORED, arm_sentence, decide, p_text, verdict_lines

A_A = "a_a"
LARGEST_POOLED_SHARE = 0.8  # an arm above this share of one source may be 25 times noisier (StarCoder-only runs were)
LARGEST_POOLED_SD_RATIO = 4.0  # Brown–Forsythe hardly rejects at three seeds: a second, blunt guard
SINGLE_RUN_SPREAD = 1.959963984540054 * math.sqrt(2)  # two runs of one recipe differ by less than this · σ, 95 in 100
FEW_CLUSTERS = 10


@dataclass(frozen=True)
class Domain:
    """One held-out domain scored by every run. `scores` has shape (runs, documents), the others (documents,).

    Documents are in the order of their ids; `clusters` are codes 0 … `cluster_count` − 1.
    """

    name: str
    metric: Metric
    runs: list[str]
    scores: np.ndarray
    bytes: np.ndarray
    tokens: np.ndarray
    clusters: np.ndarray
    cluster_count: int
    cluster_unit: str

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
    """Who is compared with whom, and how. `seeds` maps runs to seeds; `alpha` is the level of one domain alone."""

    groups: Mapping[str, Sequence[str]]
    baseline: str
    seeds: Mapping[str, int]
    weights: Mapping[str, Mapping[str, float]]
    alpha: float
    bootstrap_seed: int
    replicates: int


def compare(
    items: pa.Table, groups: Mapping[str, Sequence[str]], baseline: str, domains: Sequence[str] | None = None,
    weights: Mapping[str, Mapping[str, float]] | None = None, *, metric: Metric = BITS_PER_BYTE, seed: int = 0,
    replicates: int = 1000,
) -> Comparison:
    """The comparison of every arm with the baseline.

    `items`: rows as `evaluate.items_schema` has them for the metric. `groups`: arm → names of its runs; the key "a_a"
    names runs of the baseline's recipe with other seeds. `weights`: arm → corpus → share, to tell arms made of one
    source, which are never pooled; without it nothing is pooled. `seed` and `replicates` are those of the bootstrap
    over documents.

    Raises DataError when runs were scored on different documents, a document twice, or with a score that is no number.
    """
    if baseline not in groups:
        raise DataError(f"the baseline `{baseline}` is in no group of runs: {', '.join(groups)}.")
    runs = [run for group in groups.values() for run in group]
    items = items.filter(pc.is_in(items["run"], pa.array(runs, pa.string())))
    names = list(domains) if domains is not None else sorted(pc.unique(items["domain"]).to_pylist())
    seeds = _seeds(items, runs)
    scored = {name: domain for name in names if (domain := _domain(items, name, metric, runs)) is not None}
    design = Design(groups, baseline, seeds, weights or {}, st.ALPHA / max(1, len(scored)), seed, replicates)
    a_a = _a_a(scored, design)
    arms: dict[str, ArmResult] = {}
    for arm in groups:
        if arm not in (baseline, A_A):
            measured = {
                name: _compare_domain(domain, arm, design, a_a.domains.get(name)) for name, domain in scored.items()}
            judged = _judge(metric, measured, a_a)
            results: dict[str, DomainResult | NotScored] = {name: judged.get(name, NOT_SCORED) for name in names}
            arms[arm] = ArmResult(domains=results, sentence=arm_sentence(metric, arm, baseline, results))
    return Comparison(
        metric=metric, baseline=baseline, domains=names,
        settings=Settings(
            confidence=st.CONFIDENCE, power=st.POWER, bootstrap_replicates=replicates, bootstrap_seed=seed,
            largest_pooled_share=LARGEST_POOLED_SHARE, largest_pooled_sd_ratio=LARGEST_POOLED_SD_RATIO),
        runs=[_run_result(run, group, scored, design) for group, members in groups.items() for run in members],
        a_a=a_a, arms=arms, verdict=verdict_lines(metric, baseline, arms))


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
    labels, codes = np.unique(np.asarray(named, dtype=str), return_inverse=True)
    unit = "cluster"
    if len(labels) < 2 < count:  # one site or repository: documents are all there is to draw
        labels, codes, unit = np.arange(count), np.arange(count), "document"
    return Domain(name, metric, order, scores, first["bytes"].to_numpy(), first["tokens"].to_numpy(), codes,
                  len(labels), unit)


def _document_se(domain: Domain, a: Sequence[str], b: Sequence[str], design: Design, *identity: str) -> float | None:
    """Standard error over documents of figure(a) − figure(b), each the mean over its runs."""
    difference = np.bincount(domain.clusters, domain.mean_scores(a) - domain.mean_scores(b), domain.cluster_count)
    sizes = np.bincount(domain.clusters, domain.sizes, domain.cluster_count)
    return st.cluster_bootstrap_se(
        difference, sizes, domain.metric.divisor, design.replicates, design.bootstrap_seed, domain.name, *identity)


def _interval(delta: float, error: st.Uncertainty) -> Interval:
    low, high = error.interval(delta)
    return Interval(delta=delta, se_seed=error.seeds, seeds_df=error.seeds_df, se_total=error.total, ci95_low=low,
                    ci95_high=high, p_value=error.p_value(delta))


def _uncertainty(se_seed: float, df: float, se_documents: float | None, domain: Domain) -> st.Uncertainty:
    """Without an error over documents (one document) only seeds count."""
    if se_documents is None:
        return st.Uncertainty(se_seed, df)
    return st.Uncertainty(se_seed, df, se_documents, domain.cluster_count - 1)


def _a_a(scored: Mapping[str, Domain], design: Design) -> AAControl:
    """The control: noise σ of one run, its false-positive check, and the margin of practical equivalence, by domain."""
    control, base = list(design.groups.get(A_A, ())), design.groups[design.baseline]
    found: dict[str, ControlResult] = {}
    for name, domain in scored.items() if control else ():
        a, b = domain.figures(control), domain.figures(base)
        delta = float(np.mean(a) - np.mean(b))
        sigma, sigma_df = st.sd([*a, *b]), len(a) + len(b) - 1  # one recipe: one population
        low, high = st.sd_interval(sigma, sigma_df)
        found[name] = ControlResult(
            sigma=sigma, sigma_df=sigma_df, sigma_ci95_low=low, sigma_ci95_high=high,
            equivalence_margin=SINGLE_RUN_SPREAD * sigma, delta=delta)
        if min(len(a), len(b)) >= 2:  # other seeds, so no pairs; one recipe, so one variance
            spread, df = st.pooled_sd([a, b])
            se_seed = spread * math.sqrt(1 / len(a) + 1 / len(b))
            se_documents = _document_se(domain, control, base, design, A_A)
            interval = _interval(delta, _uncertainty(se_seed, df, se_documents, domain))
            found[name] = replace(found[name], se_documents=se_documents, **vars(interval))
    adjusted = st.holm([result.p_value for result in found.values()])
    return AAControl(runs=control, domains={
        name: replace(result, p_holm=p, false_positive=None if p is None else p <= st.ALPHA)
        for (name, result), p in zip(found.items(), adjusted, strict=True)
    })


def _pooling(domain: Domain, arm: str, design: Design) -> tuple[Pooling, tuple[float, int] | None]:
    """Whether the variance of this arm may be pooled with the baseline's and why not, and (pooled sd, df) if so."""
    for name in (design.baseline, arm):
        if not design.weights.get(name):
            return Pooling(allowed=False, reason=f"the mixture weights of {name} are not known"), None
        if (share := max(design.weights[name].values())) > LARGEST_POOLED_SHARE:
            reason = f"{share:.0%} of {name} is one source, and such arms can be far noisier"
            return Pooling(allowed=False, reason=reason), None
    members = ([*design.groups[design.baseline], *design.groups.get(A_A, ())], design.groups[arm])
    values = [domain.figures(runs) for runs in members]
    p = st.brown_forsythe(values)
    if p is None:
        return Pooling(allowed=False, reason="fewer than three seeds: equal variances cannot be tested"), None
    low, high = sorted(st.sd(group) for group in values)
    if p <= st.ALPHA:
        reason = f"Brown–Forsythe rejects equal variances ({p_text(p)})"
    elif high > LARGEST_POOLED_SD_RATIO * low:
        reason = (f"one standard deviation is over {LARGEST_POOLED_SD_RATIO:g} times the other, though with so few "
                  "seeds Brown–Forsythe does not reject")
    else:
        reason = f"Brown–Forsythe does not reject equal variances ({p_text(p)})"
        return Pooling(allowed=True, reason=reason, brown_forsythe_p_value=p), st.pooled_sd(values)
    return Pooling(allowed=False, reason=reason, brown_forsythe_p_value=p), None


def _compare_domain(domain: Domain, arm: str, design: Design, control: ControlResult | None) -> DomainResult:
    """Everything measured of one arm on one domain; `_judge` adds what depends on the other domains.

    The interval is the paired one over seeds (n − 1 df), or the pooled one where variances may be pooled; Welch's where
    the arms have no two seeds in common. The choice never looks at the differences; all that apply are in `intervals`.
    """
    # Which runs stand against which.
    by_seed_a, by_seed_b = ({design.seeds[run]: run for run in design.groups[name]} for name in (arm, design.baseline))
    common = sorted(by_seed_a.keys() & by_seed_b.keys())
    paired = len(common) >= 2 or len(common) == 1 == min(len(by_seed_a), len(by_seed_b))
    runs_a = [by_seed_a[s] for s in common] if paired else list(design.groups[arm])
    runs_b = [by_seed_b[s] for s in common] if paired else list(design.groups[design.baseline])

    # What they differ by.
    a, b = domain.figures(runs_a), domain.figures(runs_b)
    n, base, delta = min(len(a), len(b)), float(np.mean(b)), float(np.mean(a) - np.mean(b))
    deltas = [x - y for x, y in zip(a, b, strict=True)] if paired else []
    se_documents = _document_se(domain, runs_a, runs_b, design, arm, design.baseline)
    pooling, pooled = _pooling(domain, arm, design)
    margin = control.equivalence_margin if control else None
    result = DomainResult(
        seeds=common if paired else [], seeds_per_arm=n, documents=len(domain.bytes), bytes=int(domain.bytes.sum()),
        clusters=domain.cluster_count, cluster_unit=domain.cluster_unit,
        few_clusters=domain.cluster_count < FEW_CLUSTERS, baseline=base, arm=float(np.mean(a)), delta=delta,
        delta_percent=100 * delta / base if base else None,
        deltas=[SeedDifference(seed=s, delta=d) for s, d in zip(common, deltas, strict=paired)],
        equivalence_margin=margin, se_documents=se_documents, documents_df=domain.cluster_count - 1, pooling=pooling)
    if n < 2:
        return result

    # How sure that is.
    ways: dict[str, tuple[float, float]] = {"welch": st.welch_se(a, b)}  # (standard error over seeds, df)
    if paired:
        ways["paired"] = st.paired_se(deltas)
        result = replace(
            result, sign_flip_p_value=st.sign_flip_p(deltas, design.bootstrap_seed, domain.name, arm),
            sign_flip_smallest_p_value=st.smallest_sign_flip_p(n))
        if n >= 3 and min(st.sd(a), st.sd(b)) > 0:  # two pairs always correlate by ±1
            result = replace(result, pair_correlation=float(np.corrcoef(a, b)[0, 1]))
    if pooled is not None:
        ways["pooled"] = pooled[0] * math.sqrt(1 / len(a) + 1 / len(b)), pooled[1]
    errors = {way: _uncertainty(*ways[way], se_documents, domain) for way in sorted(ways)}
    method = "pooled" if pooled is not None else "paired" if paired else "welch"
    error, sd_delta = errors[method], errors[method].seeds * math.sqrt(n)
    runs_per_seed = (pooled[1] + 2) / n if pooled is not None else 0  # of baseline, A/A and arm together
    needed = st.seeds_needed(
        delta, sd_delta, error, design.alpha,
        (lambda k: k * runs_per_seed - 2) if pooled is not None else (lambda k: k - 1))
    return replace(
        result, **vars(_interval(delta, error)), method=method,
        intervals={way: _interval(delta, errors[way]) for way in errors}, sd_delta=sd_delta,
        minimum_detectable_effect=error.detectable(), seeds_needed=needed,
        seeds_still_needed=None if needed is None else max(0, needed - n),
        # With seeds without end, would these documents show a difference of this size?
        documents_suffice=replace(error, seeds=0.0).detectable(design.alpha) <= abs(delta),
        equivalence_p_value=None if margin is None else error.equivalence_p(delta, margin))


def _judge(metric: Metric, measured: Mapping[str, DomainResult], a_a: AAControl) -> dict[str, DomainResult]:
    """With what needs all domains of an arm: Holm's corrections, and the verdict."""
    holm = st.holm([result.p_value for result in measured.values()])
    equivalence = st.holm([result.equivalence_p_value for result in measured.values()])
    judged = {}
    for (name, result), p, equivalence_p in zip(measured.items(), holm, equivalence, strict=True):
        corrected = replace(result, p_holm=p, equivalence_p_holm=equivalence_p)
        verdict, reason = decide(metric, corrected, a_a.domains.get(name))
        judged[name] = replace(corrected, verdict=verdict, reason=reason)
    return judged
