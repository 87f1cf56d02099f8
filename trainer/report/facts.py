"""What a report shows, gathered from manifests, metrics and evaluation rows; the sections only lay it out."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from maslin.manifests.counts import Counts
from maslin.manifests.errors import DataError
from maslin.manifests.manifest import Manifest, Share
from maslin.manifests.plan import in_order
from maslin.manifests.recipe.held_out import how_held_out
from maslin.manifests.soundness import checked
from maslin.manifests.tables import read_table
from maslin.manifests.workspace import Mapper, Step, Workspace, run_shards
from maslin.trainer.comparison.arms import ArmDifference, how_arms_differ
from maslin.trainer.comparison.compare import A_A, compare
from maslin.trainer.comparison.evaluate import items_schema
from maslin.trainer.comparison.metrics import METRICS, Metric
from maslin.trainer.comparison.results import Comparison, DomainResult
from maslin.trainer.comparison.rounds import RoundsPlan
from maslin.trainer.report.clusters import Deduplication, scan_clusters
from maslin.trainer.report.evaluation_sets import SetFound, sets_found
from maslin.trainer.report.removals import Removals, ledger_files, scan_removals

CURVE_POINTS = 160

Point = tuple[float, float, float, float]  # of a curve: tokens, and mean, lowest and highest loss in nats


@dataclass(frozen=True)
class Dataset:
    """One source or corpus. `kind` and `limit` are of a source, `steps` and `deduplications` of a corpus; `notes` count
    oddities.
    """

    name: str
    kind: str
    limit: int | None
    steps: list[str]
    counts: Counts | None
    text_bytes: int
    notes: dict[str, int]
    removals: Removals
    deduplications: tuple[Deduplication, ...] = ()


@dataclass(frozen=True)
class TrainedCorpus:
    """What a run saw of a corpus."""

    share: float
    tokens: int
    bytes: int
    documents: int
    epochs: float


@dataclass(frozen=True)
class Run:
    """A finished run. `parameters` are those of its model without embeddings; `tokens` were trained."""

    seed: int
    architecture: str
    layers: int
    width: int
    context_tokens: int
    parameters: int
    optimizer: str
    schedule: str
    learning_rate: float
    budget_tokens: int
    tokens: int
    final_loss_nats: float
    corpora: dict[str, TrainedCorpus]


@dataclass(frozen=True)
class Stage:
    """Shares of the corpora until so many tokens are trained."""

    until_tokens: int
    weights: dict[str, float]


@dataclass(frozen=True)
class Mixture:
    """The mixture of an arm. `stages` is empty where it stays the same."""

    budget_tokens: int
    max_epochs: float
    simulate_target_tokens: int | None
    corpora: dict[str, Share]
    stages: list[Stage]


@dataclass(frozen=True)
class Facts:
    """Everything in a report.

    `how_held_out`: by domain, in words. `held_out_left`: by arm and domain, the share of held-out n-grams that its
    corpora hold all the same, at most; `held_out_common` n-grams are in so many documents that they do not count.
    `evaluation_sets`: what of them was found in each arm's corpora. `arm_differences`: what each arm has otherwise than
    the baseline. `curves` maps a group of runs to its training loss, `validation` a domain to those of each group on
    its held-out documents.
    """

    name: str
    recipe: dict[str, Any]
    groups: dict[str, list[str]]
    split: str
    comparison: Comparison
    runs: dict[str, Run]
    mixtures: dict[str, Mixture]
    arm_differences: dict[str, list[ArmDifference]]
    sources: list[Dataset]
    corpora: list[Dataset]
    curves: dict[str, list[Point]]
    validation: dict[str, dict[str, list[Point]]]
    steps: list[tuple[Step, Manifest]]
    how_held_out: dict[str, str]
    held_out_left: dict[str, dict[str, float]]
    held_out_common: int
    evaluation_sets: list[SetFound]

    @property
    def baseline(self) -> str:
        return self.comparison.baseline

    @property
    def domains(self) -> list[str]:
        return self.comparison.domains

    @property
    def arms(self) -> list[str]:
        return list(self.comparison.arms)

    @property
    def metric(self) -> Metric:
        return self.comparison.metric

    def scored(self) -> list[tuple[str, str, DomainResult]]:
        """(arm, domain, what was found) of all domains that were scored."""
        return [(name, domain, result) for name, arm in self.comparison.arms.items()
                for domain, result in arm.scored.items()]

    def series(self, arm: str) -> int:
        """The baseline and its A/A control are series 0, the arms follow."""
        return 0 if arm in (self.baseline, A_A) else 1 + self.arms.index(arm)


def gather(step: Step, workspace: Workspace, mapper: Mapper) -> Facts:
    """Read everything a report step names. See `build_report` for its parameters and inputs."""
    parameters = step.parameters
    inputs: dict[str, dict[str, Step]] = {}
    for role, value in step.input_steps().items():
        kind, _, name = role.partition(":")
        inputs.setdefault(kind, {})[name] = value
    groups = {group: list(runs) for group, runs in parameters["groups"].items()}
    evaluations, runs, mixtures = (inputs.get(kind, {}) for kind in ("evaluation", "run", "mixture"))
    if missing := [run for members in groups.values() for run in members if run not in evaluations]:
        raise DataError(f"run {missing[0]} is to be compared but has no evaluation among the report's inputs.")
    metric = METRICS[next(iter(evaluations.values())).parameters["metric"]]
    comparison = compare(
        _items(evaluations, workspace, metric), groups, parameters["baseline"], parameters["domains"],
        primary=parameters["primary"], margin_percent=parameters["margin_percent"], metric=metric,
        plan=RoundsPlan.from_json(parameters["rounds"]) if "rounds" in parameters else None)
    datasets = _datasets(step, inputs, workspace, mapper)
    metrics = {group: [workspace.path(runs[run]) / "metrics.jsonl" for run in members if run in runs]
               for group, members in groups.items()}
    every = in_order([step])[:-1]
    return Facts(
        name=step.name, recipe=parameters["recipe"], groups=groups, split=parameters["split"],
        comparison=comparison, runs={name: _run(workspace.manifest(run)) for name, run in runs.items()},
        mixtures={name: _mixture(workspace.manifest(mixture)) for name, mixture in mixtures.items()},
        arm_differences={name: how_arms_differ(mixtures[parameters["baseline"]], mixtures[name])
                         for name in comparison.arms if name in mixtures and parameters["baseline"] in mixtures},
        sources=datasets["documents"], corpora=datasets["corpus"],
        curves={group: curve for group, paths in metrics.items() if (curve := loss_curve(paths))},
        validation=_by_domain({group: validation_curves(paths) for group, paths in metrics.items()}),
        steps=[(each, workspace.manifest(each)) for each in every if workspace.is_complete(each)],
        how_held_out={
            domain: how_held_out(held_out, parameters["recipe"]["comparison"]["held_out_by"],
                                 parameters["recipe"]["sources"][held_out.inputs["documents"].name]["kind"], workspace)
            for domain, held_out in inputs.get("held_out", {}).items()},
        held_out_left={
            name: _held_out_left(wholes(parameters["recipe"], workspace.manifest(mixture).shares()),
                                 inputs.get("corpus", {}), workspace)
            for name, mixture in mixtures.items()},
        held_out_common=max((workspace.manifest(corpus).summary.get("held_out_overlap", {}).get("common_ngrams", 0)
                             for corpus in inputs.get("corpus", {}).values()), default=0),
        evaluation_sets=[found for name, mixture in mixtures.items() for found in sets_found(
            name, [corpus for each, corpus in inputs.get("corpus", {}).items()
                   if each in workspace.manifest(mixture).shares()], workspace)],
    )


def wholes(recipe: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """The corpora that these, of a mixture, are or are parts of, each once."""
    corpora = recipe["corpora"]
    return list(dict.fromkeys(corpora.get(name, {}).get("from_corpus", name) for name in names))


def _held_out_left(names: Iterable[str], corpora: Mapping[str, Step], workspace: Workspace) -> dict[str, float]:
    """By domain, the share of its held-out n-grams that stand in these corpora: their sum, so at most."""
    left: dict[str, float] = {}
    for name in names:
        if name not in corpora:
            continue
        overlap = workspace.manifest(corpora[name]).summary.get("held_out_overlap", {})
        for domain, counted in overlap.get("remaining", {}).items():
            share = counted["in_training"] / counted["ngrams"] if counted["ngrams"] else 0.0
            left[domain] = min(1.0, left.get(domain, 0.0) + share)
    return left


def _by_domain(found: Mapping[str, dict[str, list[Point]]]) -> dict[str, dict[str, list[Point]]]:
    """Curves of groups by domain, as curves of domains by group."""
    domains = sorted({domain for curves in found.values() for domain in curves})
    return {domain: {group: curves[domain] for group, curves in found.items() if domain in curves}
            for domain in domains}


def _items(evaluations: Mapping[str, Step], workspace: Workspace, metric: Metric) -> pa.Table:
    """All rows of all evaluations; a run bears the name of its role."""
    schema = items_schema(metric)
    tables = [schema.empty_table()]
    for run, evaluation in sorted(evaluations.items()):
        for path in workspace.manifest(evaluation).parts("items"):
            rows = read_table(path).select(schema.names)
            names = pa.array([run] * rows.num_rows, pa.string())
            tables.append(rows.set_column(0, schema.field("run"), names))
    return pa.concat_tables(tables)


def _run(manifest: Manifest) -> Run:
    parameters, summary = manifest.parameters, manifest.summary
    model, training = parameters["model"], parameters["training"]
    return Run(
        seed=parameters["seed"], architecture=model["architecture"], layers=model["layers"], width=model["width"],
        context_tokens=model["context_tokens"], parameters=summary["parameters"], optimizer=training["optimizer"],
        schedule=training["schedule"], learning_rate=training["learning_rate"], budget_tokens=training["tokens"],
        tokens=manifest.sizes["tokens"], final_loss_nats=summary["final_loss_nats"],
        corpora={
            name: TrainedCorpus(seen["share"], seen["tokens"], seen["bytes"], seen["documents"], seen["epochs"])
            for name, seen in summary["corpora"].items()
        })


def _mixture(manifest: Manifest) -> Mixture:
    parameters, summary = manifest.parameters, manifest.summary
    return Mixture(
        parameters["budget_tokens"], parameters["max_epochs"], parameters.get("simulate_target_tokens"),
        manifest.shares(),
        [Stage(stage["until_tokens"], stage["weights"]) for stage in summary.get("stages", ())])


def _datasets(
    step: Step, inputs: Mapping[str, Mapping[str, Step]], workspace: Workspace, mapper: Mapper
) -> dict[str, list[Dataset]]:
    """Sources under "documents", corpora under "corpus"."""
    named = [(kind, name, each) for kind in ("documents", "corpus") for name, each in inputs.get(kind, {}).items()]
    scans = run_shards(
        workspace.path(step), scan_removals, [ledger_files(each, workspace) for _, _, each in named], mapper,
        f"{step.name}: read ledgers", stage="removals", total=len(named), unit="ledgers")
    corpora = inputs.get("corpus", {})
    clusters = dict(zip(corpora, run_shards(
        workspace.path(step), scan_clusters, [workspace.path(each) for each in corpora.values()], mapper,
        f"{step.name}: read clusters", stage="clusters", total=len(corpora), unit="corpora"), strict=True))
    found: dict[str, list[Dataset]] = {"documents": [], "corpus": []}
    for (kind, name, each), scan in zip(named, scans, strict=True):
        parameters, manifest = each.parameters, workspace.manifest(each)
        found[kind].append(Dataset(
            name, parameters.get("kind", ""), parameters.get("limit"),
            [stage["step"] for stage in parameters.get("steps", ())], manifest.counts, manifest.sizes.get("bytes", 0),
            manifest.summary.get("notes", {}), Removals.of_scan(scan),
            tuple(map(Deduplication.of_scan, clusters[name]["deduplications"])) if kind == "corpus" else ()))
    return found


def loss_curve(paths: Sequence[Path], points: int = CURVE_POINTS) -> list[Point]:
    """Training loss over seeds, each point the mean of equal stretches of steps."""
    return _curve([_log(path, lambda entry: entry.get("loss")) for path in paths], points)


def validation_curves(paths: Sequence[Path]) -> dict[str, list[Point]]:
    """The loss on held-out documents over seeds, by domain, at the steps where it was taken."""
    taken = [_log(path, lambda entry: entry.get("validation")) for path in paths]
    domains = sorted({domain for log in taken for _, by_domain in log.values() for domain in by_domain})

    def of(domain: str) -> Callable[[dict[str, Any]], Any]:
        return lambda entry: entry.get("validation", {}).get(domain)

    curves = {domain: _curve([_log(path, of(domain)) for path in paths], CURVE_POINTS) for domain in domains}
    return {domain: curve for domain, curve in curves.items() if curve}


def _log(path: Path, read: Callable[[dict[str, Any]], Any]) -> dict[int, tuple[float, Any]]:
    """Step → (tokens, what is read of a line of metrics), where the line has it."""
    found = {}
    for line in checked(path).read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        entry = json.loads(line)
        if (value := read(entry)) is not None and "step" in entry:
            found[entry["step"]] = (entry.get("tokens", entry["step"]), value)
    return found


def _curve(logs: Sequence[dict[int, tuple[float, float]]], points: int) -> list[Point]:
    """(tokens, mean, lowest, highest) over logs, of steps that all of them have; none without a usable log."""
    steps = sorted(set.intersection(*(set(log) for log in logs))) if logs else []
    if not steps:
        return []
    width = -(-len(steps) // points)
    curve = []
    for start in range(0, len(steps), width):
        chosen = steps[start:start + width]
        losses = [sum(log[each][1] for each in chosen) / len(chosen) for log in logs]
        curve.append((float(logs[0][chosen[-1]][0]), sum(losses) / len(losses), min(losses), max(losses)))
    return curve
