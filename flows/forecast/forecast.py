"""What a command will take and a comparison will be able to find, put together before anything is spent."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from maslin.flows.engine import kernels
from maslin.flows.forecast.amounts import ASSUMED, Amounts
from maslin.flows.forecast.costs import CURATE, READ, TOKENIZE, TRAIN, Cost, costs, rate_kind, stage_of
from maslin.flows.forecast.rates import STEPS, Rates, Sample
from maslin.flows.job.arguments import JobOptions
from maslin.manifests.errors import DamagedError, MaslinError, UsageError
from maslin.manifests.files import read_json
from maslin.manifests.locks import read_locks
from maslin.manifests.plan import Plan
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.soundness import checked
from maslin.manifests.workspace import Step, Workspace, is_current
from maslin.trainer.comparison.detectable import ASSUMED_SD_SHARE, detectable_effect
from maslin.trainer.comparison.metrics import METRICS
from maslin.trainer.comparison.results import Comparison

LONG_SECONDS = 3600  # from here on a warning
_PREFECT_SECONDS = 15.0
_COMPILE_SECONDS = 60.0  # of kernels, by the first work after an installation or an update
_MEASURE_SECONDS = 3.0  # of training, beside what importing and beginning takes


@dataclass(frozen=True)
class Epochs:
    """How often a mixture repeats a corpus. `epochs` None: it has no tokens."""

    mixture: str
    corpus: str
    tokens_wanted: float
    tokens_there: float
    epochs: float | None
    source: str


@dataclass(frozen=True)
class Detectable:
    """Of a domain: the smallest difference that will probably be found, in the metric's unit, or as a share of it.

    `source` says whose noise it is taken from. None: with one seed nothing can be found.
    """

    domain: str
    effect: float | None
    share: float | None
    source: str


@dataclass(frozen=True)
class Forecast:
    """`steps`: of those to build, how many of all; `problems`: what could not be measured."""

    costs: list[Cost]
    documents: float
    tokens: float
    runs: int
    epochs: list[Epochs]
    detectable: list[Detectable]
    unit: str
    seeds: int
    workers: int
    problems: list[str]

    @property
    def seconds(self) -> float:
        return sum(cost.seconds for cost in self.costs)

    @property
    def disk_bytes(self) -> float:
        return sum(cost.disk_bytes for cost in self.costs)


def forecast(
    plan: Plan, todo: Sequence[Step], targets: Sequence[Step], workspace: Workspace,
    inputs: Mapping[str, Sequence[InputFile]], options: JobOptions,
) -> Forecast:
    """Of the steps to build; rates that are not known yet are measured by a few steps of training."""
    from maslin.flows.engine.known import engine_class
    from maslin.flows.engine.progress import ProgressBoard

    with ProgressBoard() as board:
        workers = engine_class(options.engine)(options.workers, board).workers
    rates = Rates(workspace.root)
    amounts = Amounts(plan, workspace, inputs, rates, options.limit)
    vocabulary = plan.recipe.tokenizer.vocab_size
    if plan.tokenizer is not None and workspace.is_complete(plan.tokenizer):
        vocabulary = workspace.manifest(plan.tokenizer).summary["vocab_size"]
    problems = _measure_what_is_unknown(todo, plan, rates, vocabulary, workers, options)
    prefect = options.prefect == "on"
    compiles = any(stage_of(step) in (READ, CURATE, TOKENIZE) for step in todo) and not kernels.are_compiled()
    rows = costs(
        todo, plan, amounts, rates, workers, vocabulary, _PREFECT_SECONDS if prefect else 0.0,
        _COMPILE_SECONDS if compiles else 0.0)
    compared = plan.report is not None and plan.report in targets
    wants_runs = any(step.kind == "run" for step in todo) or compared
    comparison = plan.recipe.comparison
    return Forecast(
        rows, sum(amounts.of(step).documents for step in plan.documents.values()),
        sum(row.amount for row in rows if row.stage == TRAIN), sum(step.kind == "run" for step in todo),
        _epochs(plan, amounts) if wants_runs else [], _detectable(plan, workspace) if compared else [],
        METRICS[comparison.metric].unit if comparison is not None else "", plan.recipe.training.seeds, workers,
        problems)


def _measure_what_is_unknown(
    todo: Sequence[Step], plan: Plan, rates: Rates, vocabulary: int, workers: int, options: JobOptions,
) -> list[str]:
    """Train a few steps of each shape that was never trained here, side by side as runs will be."""
    shapes: dict[str, list[Step]] = {}
    for step in todo:
        if stage_of(step) == TRAIN and not isinstance(step.inputs.get("stack"), Step):
            shapes.setdefault(rate_kind(step, plan), []).append(step)
    problems = []
    for kind, steps in shapes.items():
        if rates.nearest(kind, 1) is not None:
            continue
        try:
            rate = _measured_rate(steps[0], vocabulary, min(workers, len(steps)), options)
        except MaslinError as error:
            problems.append(f"no step of training could be measured: {error}")
            continue
        rates.remember({kind: Sample(
            rate * _MEASURE_SECONDS, _MEASURE_SECONDS, workers, came={"tokens_per_second": rate}, source=STEPS)})
    return problems


def _measured_rate(step: Step, vocabulary: int, at_once: int, options: JobOptions) -> float:
    """Tokens a second of one of several runs side by side."""
    from maslin.flows.engine.contract import stopped_by_signals
    from maslin.flows.engine.known import engine_class
    from maslin.flows.engine.progress import ProgressBoard
    from maslin.flows.forecast.steps import steps_of_training

    with ProgressBoard() as board, stopped_by_signals(
            engine := engine_class(options.engine)(at_once, board)), engine:
        board.say("no run of this shape was trained here yet: measuring a few steps (some 10 s) …")
        measured = engine.map(partial(
            steps_of_training, model=step.parameters["model"], training=step.parameters["training"],
            vocabulary=vocabulary, seconds=_MEASURE_SECONDS), list(range(at_once)), "measure")
    return sum(each["tokens_per_second"] for each in measured) / len(measured)


def _epochs(plan: Plan, amounts: Amounts) -> list[Epochs]:
    found = []
    for name, mixture in plan.recipe.mixtures.items():
        for corpus, share in mixture.weights.items():
            wanted, there = share * plan.recipe.training.tokens, amounts.of(plan.tokens[corpus])
            found.append(Epochs(
                name, corpus, wanted, there.tokens, wanted / there.tokens if there.tokens else None, there.source))
    return found


def _detectable(plan: Plan, workspace: Workspace) -> list[Detectable]:
    """By the noise of the recipe's own report, or of another one here on the domain, or by what is assumed."""
    comparison = plan.recipe.comparison
    assert comparison is not None
    noise = _noise(plan, workspace)
    seeds = plan.recipe.training.seeds
    tests = max(1, (len(plan.recipe.mixtures) - 1) * len(comparison.primary or comparison.domains))
    found = []
    for domain in comparison.domains:
        if domain in noise:
            sigma, source = noise[domain]
            found.append(Detectable(domain, detectable_effect(seeds, sigma, tests), None, source))
        else:
            found.append(Detectable(
                domain, None, detectable_effect(seeds, ASSUMED_SD_SHARE, tests),
                f"{ASSUMED}: runs that differ in the seed alone differ by {ASSUMED_SD_SHARE:.1%} (sd)"))
    return found


def _noise(plan: Plan, workspace: Workspace) -> dict[str, tuple[float, str]]:
    """By domain, the sd of a run that a report's A/A control found under the same metric, and where."""
    comparison = plan.recipe.comparison
    assert comparison is not None
    locks = sorted(read_locks(workspace.root), key=lambda lock: lock.recipe != plan.recipe.name)
    found: dict[str, tuple[float, str]] = {}
    for lock in locks:
        for path in lock.groups.get("report", {}).values():
            with suppress(DamagedError, UsageError):  # of another Maslin, or not to be trusted
                if not is_current(directory := workspace.root / path):
                    continue
                told = Comparison.from_json(read_json(checked(directory / "comparison.json")))
                for domain, control in told.a_a.domains.items() if told.metric.name == comparison.metric else ():
                    if control.sigma:
                        found.setdefault(domain, (control.sigma, f"the A/A control of {directory.name}"))
    return found
