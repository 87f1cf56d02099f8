"""Compare recipes: per-document rows of evaluations in, a JSON-able verdict per arm and domain out.

The protocol, in order: bits per byte per run and domain; differences per seed on the same documents; an interval over
seeds, widened by the documents' share of the error; an A/A control (the baseline again with other seeds) that gives the
noise, a false-positive check and the region of practical equivalence; Holm over the domains of an arm. A verdict is
`better`, `worse`, `practically equivalent` or `undecided`. Lower bits per byte is better; there is no overall verdict.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.manifests.errors import DataError
from maslin.trainer.comparison import statistics as st
from maslin.trainer.comparison.verdict import arm_sentence, decide, p_text, verdict_lines

A_A = "a_a"
COMPARISON_SCHEMA_VERSION = 1
LARGEST_POOLED_SHARE = 0.8  # an arm above this share of one source may be 25 times noisier (StarCoder-only runs were)
LARGEST_POOLED_SD_RATIO = 4.0  # Brown–Forsythe hardly rejects at three seeds: a second, blunt guard
SINGLE_RUN_SPREAD = 1.959963984540054 * math.sqrt(2)  # two runs of one recipe differ by less than this · σ, 95 in 100
FEW_CLUSTERS = 10


@dataclass(frozen=True)
class Domain:
    """One held-out domain scored by every run. `nats` has shape (runs, documents), the others (documents,).

    Documents are in the order of their ids; `clusters` are codes 0 … `cluster_count` − 1.
    """

    name: str
    runs: list[str]
    nats: np.ndarray
    bytes: np.ndarray
    tokens: np.ndarray
    clusters: np.ndarray
    cluster_count: int
    cluster_unit: str

    def bits_per_byte(self, run: str) -> float:
        return float(self.nats[self.runs.index(run)].sum() / self.bytes.sum() / math.log(2))

    def mean_nats(self, runs: Sequence[str]) -> np.ndarray:
        """Nats of each document, mean over runs; shape (documents,)."""
        return self.nats[[self.runs.index(run) for run in runs]].mean(axis=0)


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
    weights: Mapping[str, Mapping[str, float]] | None = None, *, seed: int = 0, replicates: int = 1000,
) -> dict[str, Any]:
    """The comparison of every arm with the baseline, as JSON values (`comparison.json`).

    `items`: rows of `maslin.manifests.tables.EVALUATION_ITEMS`. `groups`: arm → names of its runs; the key "a_a" names
    runs of the baseline's recipe with other seeds. `weights`: arm → corpus → share, to tell arms made of one source,
    which are never pooled; without it nothing is pooled. `seed` and `replicates` are those of the bootstrap over
    documents.

    Raises DataError when runs were scored on different documents, a document twice, or with a loss that is no number.
    """
    if baseline not in groups:
        raise DataError(f"the baseline `{baseline}` is in no group of runs: {', '.join(groups)}.")
    arms = [arm for arm in groups if arm not in (baseline, A_A)]
    runs = [run for group in groups.values() for run in group]
    items = items.filter(pc.is_in(items["run"], pa.array(runs, pa.string())))
    names = list(domains) if domains is not None else sorted(pc.unique(items["domain"]).to_pylist())
    seeds = _seeds(items, runs)
    scored = {name: domain for name in names if (domain := _domain(items, name, runs)) is not None}
    design = Design(groups, baseline, seeds, weights or {}, st.ALPHA / max(1, len(scored)), seed, replicates)
    a_a = _a_a(scored, design)
    margins = {name: entry["equivalence_margin_bits_per_byte"] for name, entry in a_a["domains"].items()}
    comparisons: dict[str, Any] = {}
    for arm in arms:
        results = {
            name: _compare_domain(scored[name], arm, design, margins.get(name)) if name in scored else {"documents": 0}
            for name in names
        }
        _judge(results, a_a)
        comparisons[arm] = {"domains": results, "sentence": arm_sentence(arm, baseline, results)}
    return {
        "schema_version": COMPARISON_SCHEMA_VERSION, "metric": "bits_per_byte", "lower_is_better": True,
        "baseline": baseline, "arms": arms, "domains": names,
        "settings": {
            "confidence": st.CONFIDENCE, "power": st.POWER, "bootstrap_replicates": replicates, "bootstrap_seed": seed,
            "largest_pooled_share": LARGEST_POOLED_SHARE, "largest_pooled_sd_ratio": LARGEST_POOLED_SD_RATIO,
        },
        "runs": [_run_json(run, group, scored, design) for group, members in groups.items() for run in members],
        "a_a": a_a, "comparisons": comparisons,
        "verdict": verdict_lines(baseline, comparisons),
    }


def _run_json(run: str, group: str, scored: Mapping[str, Domain], design: Design) -> dict[str, Any]:
    return {
        "run": run, "group": group, "arm": design.baseline if group == A_A else group, "seed": design.seeds[run],
        "domains": {
            name: {
                "bits_per_byte": domain.bits_per_byte(run), "documents": len(domain.bytes),
                "nats": float(domain.nats[domain.runs.index(run)].sum()), "bytes": int(domain.bytes.sum()),
                "tokens": int(domain.tokens.sum()),
            }
            for name, domain in scored.items()
        },
    }


def _seeds(items: pa.Table, runs: Sequence[str]) -> dict[str, int]:
    pairs = items.group_by(["run", "seed"]).aggregate([]).to_pylist()
    seeds = {pair["run"]: pair["seed"] for pair in pairs}
    if missing := [run for run in runs if run not in seeds]:
        raise DataError(f"no evaluated documents of run {missing[0]}: evaluate it again.")
    if len(pairs) != len(seeds):
        raise DataError("a run has rows with two seeds: the evaluation's rows are mixed up; evaluate again.")
    return seeds


def _domain(items: pa.Table, name: str, runs: Sequence[str]) -> Domain | None:
    """The matrix of one domain, checked: every run has every document once, with the same bytes. None without rows."""
    rows = items.filter(pc.equal(items["domain"], name)).sort_by([("run", "ascending"), ("id", "ascending")])
    if rows.num_rows == 0:
        return None
    order = sorted(runs)
    run_column = np.asarray(rows["run"].to_pylist(), dtype=object)
    starts = {run: int(np.searchsorted(run_column, run)) for run in order}
    count = int((run_column == order[0]).sum())
    first = rows.slice(starts[order[0]], count)
    ids, sizes = first["id"], first["bytes"].to_numpy()
    if len(pc.unique(ids)) != count:
        raise DataError(f"domain {name}, run {order[0]}: a document was scored twice; evaluate this run again.")
    nats = np.empty((len(order), count))
    for index, run in enumerate(order):
        part = rows.slice(starts[run], int((run_column == run).sum()))
        if part.num_rows != count or not part["id"].equals(ids) or not np.array_equal(part["bytes"].to_numpy(), sizes):
            raise DataError(
                f"domain {name}: run {run} was not scored on the same documents as run {order[0]} "
                f"({part.num_rows:,} and {count:,} rows); evaluate both again with the same settings.")
        nats[index] = part["nats"].to_numpy()
        if not np.isfinite(nats[index]).all():
            raise DataError(f"domain {name}: run {run} has a loss that is no number: it diverged. Lower its learning "
                            "rate and train it again, or leave its arm out.")
    if sizes.sum() <= 0:
        raise DataError(f"domain {name}: its documents have no bytes to score.")
    named = [cluster if cluster is not None else key for cluster, key in
             zip(first["cluster"].to_pylist(), ids.to_pylist(), strict=True)]
    labels, codes = np.unique(np.asarray(named, dtype=str), return_inverse=True)
    unit = "cluster"
    if len(labels) < 2 < count:  # one site or repository: documents are all there is to draw
        labels, codes, unit = np.arange(count), np.arange(count), "document"
    return Domain(name, order, nats, sizes.astype(np.int64), first["tokens"].to_numpy(), codes, len(labels), unit)


def _document_se(domain: Domain, a: Sequence[str], b: Sequence[str], design: Design, *identity: str) -> float | None:
    """Standard error over documents of bpb(a) − bpb(b), each the mean over its runs."""
    difference = np.bincount(domain.clusters, domain.mean_nats(a) - domain.mean_nats(b), domain.cluster_count)
    sizes = np.bincount(domain.clusters, domain.bytes, domain.cluster_count)
    return st.cluster_bootstrap_se(
        difference, sizes, design.replicates, design.bootstrap_seed, domain.name, *identity)


def _interval_json(delta: float, error: st.Uncertainty) -> dict[str, float]:
    low, high = error.interval(delta)
    return {
        "delta_bits_per_byte": delta, "se_seed_bits_per_byte": error.seeds, "seeds_df": error.seeds_df,
        "se_total_bits_per_byte": error.total, "ci95_low_bits_per_byte": low, "ci95_high_bits_per_byte": high,
        "p_value": error.p_value(delta),
    }


def _uncertainty(se_seed: float, df: float, se_documents: float | None, domain: Domain) -> st.Uncertainty:
    """Without an error over documents (one document) only seeds count."""
    if se_documents is None:
        return st.Uncertainty(se_seed, df)
    return st.Uncertainty(se_seed, df, se_documents, domain.cluster_count - 1)


def _a_a(scored: Mapping[str, Domain], design: Design) -> dict[str, Any]:
    """The control: noise σ of one run, its false-positive check, and the margin of practical equivalence, by domain."""
    control, base = list(design.groups.get(A_A, ())), design.groups[design.baseline]
    entries: dict[str, Any] = {}
    for name, domain in scored.items() if control else ():
        a, b = ([domain.bits_per_byte(run) for run in runs] for runs in (control, base))
        delta = float(np.mean(a) - np.mean(b))
        sigma, sigma_df = st.sd([*a, *b]), len(a) + len(b) - 1  # one recipe: one population
        low, high = st.sd_interval(sigma, sigma_df)
        entries[name] = {
            "sigma_bits_per_byte": sigma, "sigma_df": sigma_df, "sigma_ci95_low_bits_per_byte": low,
            "sigma_ci95_high_bits_per_byte": high, "equivalence_margin_bits_per_byte": SINGLE_RUN_SPREAD * sigma,
            "delta_bits_per_byte": delta, "p_value": None,
        }
        if min(len(a), len(b)) >= 2:  # other seeds, so no pairs; one recipe, so one variance
            spread, df = st.pooled_sd([a, b])
            se_seed = spread * math.sqrt(1 / len(a) + 1 / len(b))
            se_documents = _document_se(domain, control, base, design, A_A)
            entries[name] |= {"se_documents_bits_per_byte": se_documents} | _interval_json(
                delta, _uncertainty(se_seed, df, se_documents, domain))
    adjusted = st.holm([entry["p_value"] for entry in entries.values()])
    for entry, p in zip(entries.values(), adjusted, strict=True):
        entry |= {"p_holm": p, "false_positive": None if p is None else p <= st.ALPHA}
    return {"runs": control, "domains": entries}


def _pooling(domain: Domain, arm: str, design: Design) -> tuple[dict[str, Any], tuple[float, int] | None]:
    """Whether the variance of this arm may be pooled with the baseline's and why not, and (pooled sd, df) if so."""
    for name in (design.baseline, arm):
        if not design.weights.get(name):
            return {"allowed": False, "reason": f"the mixture weights of {name} are not known"}, None
        if (share := max(design.weights[name].values())) > LARGEST_POOLED_SHARE:
            reason = f"{share:.0%} of {name} is one source, and such arms can be far noisier"
            return {"allowed": False, "reason": reason}, None
    members = ([*design.groups[design.baseline], *design.groups.get(A_A, ())], design.groups[arm])
    values = [[domain.bits_per_byte(run) for run in runs] for runs in members]
    p = st.brown_forsythe(values)
    if p is None:
        return {"allowed": False, "reason": "fewer than three seeds: equal variances cannot be tested"}, None
    low, high = sorted(st.sd(group) for group in values)
    why: dict[str, Any] = {"allowed": False, "brown_forsythe_p_value": p}
    if p <= st.ALPHA:
        return why | {"reason": f"Brown–Forsythe rejects equal variances ({p_text(p)})"}, None
    if high > LARGEST_POOLED_SD_RATIO * low:
        return why | {"reason": f"one standard deviation is over {LARGEST_POOLED_SD_RATIO:g} times the other, though "
                                "with so few seeds Brown–Forsythe does not reject"}, None
    return why | {"allowed": True, "reason": f"Brown–Forsythe does not reject equal variances ({p_text(p)})"}, \
        st.pooled_sd(values)


def _compare_domain(domain: Domain, arm: str, design: Design, margin: float | None) -> dict[str, Any]:
    """Everything measured of one arm on one domain; `_judge` adds what depends on the other domains.

    `margin`: the half-width of the region of practical equivalence [bits per byte], None without an A/A control.

    The interval is the paired one over seeds (n − 1 df), or the pooled one where variances may be pooled; Welch's where
    the arms have no two seeds in common. The choice never looks at the differences; all that apply are in `intervals`.
    """
    by_seed_a, by_seed_b = ({design.seeds[run]: run for run in design.groups[name]} for name in (arm, design.baseline))
    common = sorted(by_seed_a.keys() & by_seed_b.keys())
    paired = len(common) >= 2 or len(common) == 1 == min(len(by_seed_a), len(by_seed_b))
    runs_a = [by_seed_a[s] for s in common] if paired else list(design.groups[arm])
    runs_b = [by_seed_b[s] for s in common] if paired else list(design.groups[design.baseline])
    a, b = ([domain.bits_per_byte(run) for run in runs] for runs in (runs_a, runs_b))
    n, delta = min(len(a), len(b)), float(np.mean(a) - np.mean(b))
    deltas = [x - y for x, y in zip(a, b, strict=True)] if paired else []
    se_documents = _document_se(domain, runs_a, runs_b, design, arm, design.baseline)
    pooling, pooled = _pooling(domain, arm, design)
    result: dict[str, Any] = {
        "seeds": common if paired else [], "seeds_per_arm": n, "documents": len(domain.bytes),
        "bytes": int(domain.bytes.sum()), "clusters": domain.cluster_count, "cluster_unit": domain.cluster_unit,
        "few_clusters": domain.cluster_count < FEW_CLUSTERS, "baseline_bits_per_byte": float(np.mean(b)),
        "arm_bits_per_byte": float(np.mean(a)), "delta_bits_per_byte": delta,
        "delta_percent": 100 * delta / float(np.mean(b)),
        "deltas": [{"seed": s, "delta_bits_per_byte": d} for s, d in zip(common, deltas, strict=paired)],
        "equivalence_margin_bits_per_byte": margin, "se_documents_bits_per_byte": se_documents, "pooling": pooling,
        "method": None, "intervals": {},
        "se_seed_bits_per_byte": None, "seeds_df": None, "documents_df": domain.cluster_count - 1,
        "se_total_bits_per_byte": None, "ci95_low_bits_per_byte": None, "ci95_high_bits_per_byte": None,
        "p_value": None, "equivalence_p_value": None, "pair_correlation": None, "sign_flip_p_value": None,
        "sign_flip_smallest_p_value": None, "sd_delta_bits_per_byte": None,
        "minimum_detectable_effect_bits_per_byte": None, "seeds_needed": None, "seeds_still_needed": None,
        "documents_suffice": None,
    }
    if n < 2:
        return result
    ways: dict[str, tuple[float, float]] = {"welch": st.welch_se(a, b)}  # (standard error over seeds, df)
    if paired:
        ways["paired"] = st.paired_se(deltas)
        result["sign_flip_p_value"] = st.sign_flip_p(deltas, design.bootstrap_seed, domain.name, arm)
        result["sign_flip_smallest_p_value"] = st.smallest_sign_flip_p(n)
        if n >= 3 and min(st.sd(a), st.sd(b)) > 0:  # two pairs always correlate by ±1
            result["pair_correlation"] = float(np.corrcoef(a, b)[0, 1])
    if pooled is not None:
        ways["pooled"] = pooled[0] * math.sqrt(1 / len(a) + 1 / len(b)), pooled[1]
    errors = {way: _uncertainty(*ways[way], se_documents, domain) for way in sorted(ways)}
    method = "pooled" if pooled is not None else "paired" if paired else "welch"
    error, sd_delta = errors[method], errors[method].seeds * math.sqrt(n)
    runs_per_seed = (pooled[1] + 2) / n if pooled is not None else 0  # of baseline, A/A and arm together
    result |= _interval_json(delta, error) | {
        "method": method, "intervals": {way: _interval_json(delta, errors[way]) for way in errors},
        "sd_delta_bits_per_byte": sd_delta, "minimum_detectable_effect_bits_per_byte": error.detectable(),
        "seeds_needed": st.seeds_needed(
            delta, sd_delta, error, design.alpha,
            (lambda k: k * runs_per_seed - 2) if pooled is not None else (lambda k: k - 1)),
        # With seeds without end, would these documents show a difference of this size?
        "documents_suffice": replace(error, seeds=0.0).detectable(design.alpha) <= abs(delta),
    }
    if margin is not None:
        result["equivalence_p_value"] = error.equivalence_p(delta, margin)
    if result["seeds_needed"] is not None:
        result["seeds_still_needed"] = max(0, result["seeds_needed"] - n)
    return result


def _judge(results: dict[str, dict[str, Any]], a_a: Mapping[str, Any]) -> None:
    """Add to each domain of an arm what needs all of them: Holm's corrections, and the verdict."""
    tested = [result for result in results.values() if result["documents"]]
    for key in ("p", "equivalence_p"):
        adjusted = st.holm([result[f"{key}_value"] for result in tested])
        for result, p in zip(tested, adjusted, strict=True):
            result[f"{key}_holm"] = p
    for name, result in results.items():
        result["verdict"], result["reason"] = decide(result, a_a["domains"].get(name))
