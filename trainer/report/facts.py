"""What a report shows, gathered from manifests, metrics and evaluation rows; the sections only lay it out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from maslin.manifests.errors import DataError
from maslin.manifests.manifest import Manifest
from maslin.manifests.plan import in_order
from maslin.manifests.tables import read_table
from maslin.manifests.workspace import Mapper, Step, Workspace, run_shards
from maslin.trainer.comparison.compare import A_A, compare
from maslin.trainer.comparison.evaluate import items_schema
from maslin.trainer.comparison.metrics import METRICS, Metric
from maslin.trainer.comparison.results import Comparison, DomainResult
from maslin.trainer.report.funnels import funnel_task, scan_funnel

CURVE_POINTS = 160


@dataclass(frozen=True)
class Funnel:
    """One source or corpus: its step, its manifest, and what its ledger and edits hold."""

    name: str
    step: Step
    manifest: Manifest
    removed: list[dict[str, Any]]
    edited: list[dict[str, Any]]


@dataclass(frozen=True)
class Facts:
    """Everything in a report. `curves` maps a group of runs to (tokens, mean, lowest, highest loss in nats) points."""

    name: str
    recipe: dict[str, Any]
    groups: dict[str, list[str]]
    split: str
    comparison: Comparison
    runs: dict[str, Step]
    run_manifests: dict[str, Manifest]
    mixtures: dict[str, Step]
    mixture_manifests: dict[str, Manifest]
    sources: list[Funnel]
    corpora: list[Funnel]
    curves: dict[str, list[tuple[float, float, float, float]]]
    steps: list[tuple[Step, Manifest]]

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

    def corpora_of(self, arm: str) -> dict[str, float]:
        return self.mixtures[arm].parameters["weights"] if arm in self.mixtures else {}


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
        {name: mixture.parameters["weights"] for name, mixture in mixtures.items()}, metric=metric)
    sources, corpora = _funnels(step, inputs, workspace, mapper)
    every = in_order([step])[:-1]
    return Facts(
        name=step.name, recipe=parameters["recipe"], groups=groups, split=parameters["split"],
        comparison=comparison, runs=runs,
        run_manifests={name: workspace.manifest(run) for name, run in runs.items()},
        mixtures=mixtures, mixture_manifests={name: workspace.manifest(mixture) for name, mixture in mixtures.items()},
        sources=sources, corpora=corpora,
        curves={
            group: curve for group, members in groups.items()
            if (curve := loss_curve([workspace.path(runs[run]) / "metrics.jsonl" for run in members if run in runs]))
        },
        steps=[(each, workspace.manifest(each)) for each in every if workspace.is_complete(each)],
    )


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


def _funnels(
    step: Step, inputs: Mapping[str, Mapping[str, Step]], workspace: Workspace, mapper: Mapper
) -> tuple[list[Funnel], list[Funnel]]:
    named = [(kind, name, each) for kind in ("documents", "corpus") for name, each in inputs.get(kind, {}).items()]
    scans = run_shards(
        workspace.path(step), scan_funnel, [funnel_task(each, workspace) for _, _, each in named], mapper,
        f"{step.name}: read ledgers", stage="funnel", total=len(named), unit="ledgers")
    funnels: dict[str, list[Funnel]] = {"documents": [], "corpus": []}
    for (kind, name, each), scan in zip(named, scans, strict=True):
        funnels[kind].append(Funnel(name, each, workspace.manifest(each), scan["removed"], scan["edited"]))
    return funnels["documents"], funnels["corpus"]


def loss_curve(paths: Sequence[Path], points: int = CURVE_POINTS) -> list[tuple[float, float, float, float]]:
    """Training loss over seeds as (tokens, mean, lowest, highest), each point the mean of equal stretches of steps.

    Only steps that every run logged are used. Without a usable log: an empty list.
    """
    logs = []
    for path in paths:
        log = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                if isinstance(entry.get("loss"), int | float) and "step" in entry:
                    log[entry["step"]] = (entry.get("tokens", entry["step"]), entry["loss"])
        logs.append(log)
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
