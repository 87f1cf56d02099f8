"""What steps will take, stage by stage: minutes and disk, by rates measured here or, where there are none, assumed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from maslin.flows.forecast.amounts import ASSUMED, CURATING, TOKENIZING, Amounts, trained_tokens
from maslin.flows.forecast.rates import BUILT, COMPILING, Rates, Sample
from maslin.manifests.files import disk_bytes
from maslin.manifests.plan import Plan
from maslin.manifests.workspace import Step, Workspace, read_measured
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.training import TrainingConfig

READ, CURATE, TOKENIZE, TRAIN, SCORE, REPORT, AROUND = (
    "read", "curate", "tokenize", "train", "score", "report", "around")
STAGES = (READ, CURATE, TOKENIZE, TRAIN, SCORE, REPORT, AROUND)

# Assumed where nothing was built here before: a second's work of a worker [bytes read, bytes of text, tokens scored for
# each that is trained on], and what a stage takes however little there is to do: workers begin and import.
_BYTES_PER_SECOND = {READ: 1.0e6, CURATE: 8.0e6, TOKENIZE: 3.0e6}
_BEGIN_SECONDS = {READ: 5.0, CURATE: 3.0, TOKENIZE: 3.0, TRAIN: 5.0, SCORE: 3.0, REPORT: 3.0, AROUND: 0.0}
_AROUND_SECONDS = 8.0
_SCORED_FOR_TRAINED = 1.0  # forward alone, but every token in two windows, few of them at a time
_DISK = {READ: 0.6, CURATE: 0.15, TOKENIZE: 0.6}  # bytes written for each of the work
_ITEM_BYTES, _REPORT_BYTES = 0.2, 200_000  # of a scored token; of a report
_WEIGHT_BYTES, _MOMENT_BYTES = 4, 4  # of a parameter; of which adamw keeps two moments, muon one


@dataclass
class Cost:
    """Of a stage: `amount` in `unit`, seconds of the clock and bytes on the disk; `source` says how they are known."""

    stage: str
    steps: int
    amount: float
    unit: str
    seconds: float
    disk_bytes: float
    source: str
    sources: set[str] = field(default_factory=set)


def stage_of(step: Step) -> str:
    if step.kind in (*CURATING, "evaluation_set"):
        return CURATE
    if step.kind in TOKENIZING:
        return TOKENIZE
    return {"documents": READ, "run": TRAIN, "stack": TRAIN, "evaluation": SCORE, "report": REPORT}[step.kind]


def shape_of(step: Step) -> str:
    """What makes runs equally fast."""
    model, training = step.parameters["model"], step.parameters["training"]
    return (f"{model['architecture']} {model['layers']}x{model['width']} context {model['context_tokens']} "
            f"{training['objective']} {training['optimizer']} together {training['together']}")


def rate_kind(step: Step, plan: Plan) -> str:
    """The kind of work by which rates are remembered."""
    stage = stage_of(step)
    if stage == READ:
        return f"{READ} {plan.recipe.sources[step.name].kind}"
    if stage in (TRAIN, SCORE):
        run = step.inputs["run"] if stage == SCORE else step
        assert isinstance(run, Step)
        return f"{stage} {shape_of(run)}"
    return stage


# What was measured


@dataclass(frozen=True)
class Built:
    """A step that was built, from `began` until `ended` [s of a clock]."""

    step: Step
    began: float
    ended: float


class Timeline:
    """When the steps of a command were built; what that says of other work. `compiling`: kernels were not there yet."""

    def __init__(self, compiling: bool = False) -> None:
        self._began, self._compiling = time.monotonic(), compiling
        self.built: list[Built] = []

    def add(self, step: Step, seconds: float) -> None:
        now = time.monotonic()
        self.built.append(Built(step, now - seconds, now))

    def samples(self, plan: Plan, workspace: Workspace, amounts: Amounts, workers: int) -> dict[str, Sample]:
        """A sample of each kind of work that was done."""
        kinds: dict[str, list[Built]] = {}
        for each in self.built:
            kinds.setdefault(rate_kind(each.step, plan), []).append(each)
        found = {
            kind: Sample(
                sum(amounts.work(each.step) for each in built), _union_seconds(built), workers,
                sum(disk_bytes(workspace.path(each.step)) for each in built),
                _came(kind, built, workspace, amounts),
                COMPILING if self._compiling and kind.startswith((READ, CURATE, TOKENIZE)) else BUILT)
            for kind, built in kinds.items()}
        if self.built:
            found[AROUND] = Sample(1, time.monotonic() - self._began - _union_seconds(self.built), workers)
        return found


def _union_seconds(built: Sequence[Built]) -> float:
    """How long one or more of them were being built."""
    seconds, until = 0.0, 0.0
    for each in sorted(built, key=lambda each: each.began):
        seconds += max(0.0, each.ended - max(each.began, until))
        until = max(until, each.ended)
    return seconds


def _came(kind: str, built: Sequence[Built], workspace: Workspace, amounts: Amounts) -> dict[str, float]:
    """What came of work of a kind, for the shares by which more of it is estimated."""
    stage, steps = kind.partition(" ")[0], [each.step for each in built]
    if stage == READ:
        texts = [amounts.of(step) for step in steps]
        return {"bytes": sum(text.bytes for text in texts), "documents": sum(text.documents for text in texts)}
    if stage == CURATE:
        return {
            f"kept {step.name}": amounts.of(step).bytes / work
            for step in steps if step.kind == "corpus" and (work := amounts.work(step))}
    if stage == TOKENIZE:
        tokens = [amounts.of(step) for step in steps if step.kind == "tokens"]
        return {"bytes": sum(each.bytes for each in tokens), "tokens": sum(each.tokens for each in tokens)}
    if stage == TRAIN:
        measured = [read_measured(workspace.path(step)) for step in steps]
        rates = [each["tokens_per_second"] for each in measured if "tokens_per_second" in each]
        return {"tokens_per_second": sum(rates) / len(rates)} if rates else {}
    return {}


# What is foretold


def costs(
    todo: Sequence[Step], plan: Plan, amounts: Amounts, rates: Rates, workers: int, vocabulary: int,
    prefect_seconds: float, compile_seconds: float,
) -> list[Cost]:
    """Of the steps to build, a row a stage. What Prefect and compiling kernels take is no stage's own."""
    kinds: dict[str, list[Step]] = {}
    for step in todo:
        if not isinstance(step.inputs.get("stack"), Step):  # taken out of its stack in no time
            kinds.setdefault(rate_kind(step, plan), []).append(step)
    rows: dict[str, Cost] = {}
    for kind, steps in kinds.items():
        stage = stage_of(steps[0])
        work = [amounts.work(step) for step in steps]
        sample = rates.nearest(kind, sum(work))
        row = rows.setdefault(stage, Cost(
            stage, 0, 0.0, {READ: "bytes", CURATE: "bytes of text", TOKENIZE: "bytes of text", TRAIN: "tokens",
                            SCORE: "tokens"}.get(stage, ""), 0.0, 0.0, ""))
        row.steps += len(steps)
        row.amount += sum(work)
        if stage == TRAIN:
            row.seconds += _train_seconds(steps, sample, workers)
            row.disk_bytes += sum(run_bytes(step, vocabulary) for step in steps)
        else:
            row.seconds += _seconds(stage, kind, work, sample, rates, workers)
            row.disk_bytes += _disk(stage, sum(work), sample)
        row.sources.add(ASSUMED if sample is None or sample.source == COMPILING else sample.source)
    if rows:
        around = rates.shortest(AROUND)  # the first command of a workspace makes Prefect's database, too
        seconds, source = (_AROUND_SECONDS + prefect_seconds, ASSUMED) if around is None else (
            around.seconds, around.source)
        rows[AROUND] = Cost(AROUND, 0, 0.0, "", seconds + compile_seconds, 0.0, "", {
            source, *([ASSUMED] if compile_seconds else [])})
    for row in rows.values():
        row.source = " and ".join(sorted(row.sources))
    return [rows[stage] for stage in STAGES if stage in rows]


def _seconds(
    stage: str, kind: str, work: Sequence[float], sample: Sample | None, rates: Rates, workers: int,
) -> float:
    """Of the clock, for pieces of work of a kind."""
    begin = _BEGIN_SECONDS[stage]
    if stage == REPORT:
        return sample.seconds if sample is not None else begin
    if sample is not None and sample.amount and sample.source != COMPILING:
        begin = min(begin, sample.seconds / 2)
        per_amount = (sample.seconds - begin) / sample.amount * sample.workers
    elif stage == SCORE:
        trained = rates.nearest(kind.replace(SCORE, TRAIN, 1), 1)
        per_amount = 1 / (_SCORED_FOR_TRAINED * trained.came["tokens_per_second"]) if trained is not None else 1e-3
    else:
        per_amount = 1 / _BYTES_PER_SECOND[stage]
    return begin + sum(work) * per_amount / min(workers, max(1, len(work) if stage == SCORE else workers))


def _train_seconds(steps: Sequence[Step], sample: Sample | None, workers: int) -> float:
    """Runs go side by side, each at the rate that was measured so; those of a stack as one."""
    rate = sample.came.get("tokens_per_second") if sample is not None else None
    if not rate:
        return 0.0
    waves = ceil(len(steps) / workers)
    return _BEGIN_SECONDS[TRAIN] + waves * sum(map(trained_tokens, steps)) / len(steps) / rate


def run_bytes(step: Step, vocabulary: int) -> float:
    """What a run leaves on the disk, or all runs of a stack: the model, and the checkpoints that stay."""
    model = replace(ModelConfig.from_json(step.parameters["model"]), vocab_size=vocabulary)
    training = TrainingConfig.from_json(step.parameters["training"])
    checkpoints = training.average_checkpoints + len({branch.decay_start for branch in training.branches()})
    weights_bytes = _WEIGHT_BYTES * model.all_parameters
    of_adamw = model.all_parameters - (model.parameters if training.optimizer == "muon" else 0)
    moments_bytes = _MOMENT_BYTES * (model.all_parameters + of_adamw)
    return len(step.parameters.get("seeds", [0])) * (weights_bytes + (weights_bytes + moments_bytes) * checkpoints)


def _disk(stage: str, work: float, sample: Sample | None) -> float:
    if stage == REPORT:
        return sample.disk_bytes if sample is not None else _REPORT_BYTES
    per_amount = sample.disk_bytes / sample.amount if sample is not None and sample.amount else _DISK.get(
        stage, _ITEM_BYTES)
    return work * per_amount
