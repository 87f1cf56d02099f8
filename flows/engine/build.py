"""Build planned steps: what is missing, in which order, with which library function, several at a time."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from maslin.manifests.manifest import Manifest
from maslin.manifests.named import named
from maslin.manifests.plan import in_order
from maslin.manifests.recipe.sources import Later, Source, source_kind
from maslin.manifests.steps.known import decode
from maslin.manifests.workspace import Mapper, Step, Workspace, is_marked, is_sound

# kind of step → module and function of its builder: `build(step, workspace, mapper, **extra)`
BUILDERS = {
    "documents": "maslin.curation.ingest.build:build_documents",
    "segment": "maslin.curation.corpora.segment:build_segment",
    "dedup": "maslin.curation.dedup.build:build_dedup",
    "split": "maslin.curation.corpora.held_out:build_split",
    "held_out": "maslin.curation.corpora.held_out:build_held_out",
    "evaluation_set": "maslin.curation.decontamination.build:build_evaluation_set",
    "corpus": "maslin.curation.corpora.corpus:build_corpus",
    "tokenizer": "maslin.curation.tokens.tokenizer:build_tokenizer",
    "tokens": "maslin.curation.tokens.shards:build_tokens",
    "mixture": "maslin.curation.tokens.mixture:build_mixture",
    "stack": "maslin.trainer.runs.together:build_stack",
    "run": "maslin.trainer.runs.train:build_run",
    "evaluation": "maslin.trainer.comparison.evaluate:build_evaluation",
    "report": "maslin.trainer.report.build:build_report",
}


TRAINED = ("stack", "run", "evaluation", "report")  # with torch


def modules_of(steps: Sequence[Step], sources: Mapping[str, Source]) -> list[str]:
    """Modules of ours that the work of steps imports where it runs, those that import torch aside."""
    places: list[str] = []
    for step in steps:
        if step.kind not in TRAINED:
            places.append(BUILDERS[step.kind])
        specs = [decode(entry).spec for entry in step.parameters.get("steps", ())]
        places += [spec.kernel for spec in specs if spec.code is None]
        if step.kind == "documents" and sources[step.name].code is None:
            kind = source_kind(sources[step.name].kind)
            places += [function.where for function in (kind.splits, kind.read) if isinstance(function, Later)]
    return list(dict.fromkeys(place.partition(":")[0] for place in places))


def missing_steps(targets: Sequence[Step], workspace: Workspace) -> list[Step]:
    """The steps to build, inputs first: targets that are absent or damaged, and what these need.

    A damaged directory (a file gone, of another size than its manifest says, or marked as damaged by whoever read it)
    counts as missing; a marked one does wherever it is on the way to the targets.
    """
    found: dict[str, Step] = {}

    def visit(step: Step, through: bool) -> None:
        """`through`: descend even into complete steps, for stages that are read on the way."""
        if step.directory in found:
            return
        sound = is_sound(workspace.path(step))
        if sound and not through:
            return
        for needed in step.inputs.values():
            if isinstance(needed, Step):
                visit(needed, through=False)
        for stage in step.via.values():
            visit(stage, through=True)
        if step.kind == "report":  # it names all that it was made from
            for upstream in in_order([step])[:-1]:
                visit(upstream, through=False)
        if not sound:
            found[step.directory] = step

    for step in in_order(targets):
        if is_marked(workspace.path(step)):
            visit(step, through=False)
    for target in targets:
        visit(target, through=False)
    return list(found.values())


def build_all(
    steps: Sequence[Step], workspace: Workspace, mapper_of: Callable[[Step], Mapper],
    extra: Callable[[Step], dict[str, Any]], on_built: Callable[[Step, Manifest, float], None], at_once: int,
) -> None:
    """Build steps (inputs first in the sequence), up to `at_once` at a time, each when its inputs are there.

    `mapper_of` gives what runs a step's shards, `extra` its builder's further arguments; `on_built` hears of each
    finished step and the seconds it took. The first error stops new steps and is raised when those under way have
    ended. One at a time are built in the thread that asks.
    """
    if at_once == 1:
        for step in steps:
            on_built(step, *_timed(step, workspace, mapper_of(step), extra(step)))
        return
    waiting = {step.directory: step for step in steps}
    upstream = {step.directory: {each.directory for each in in_order([step])[:-1]} for step in steps}
    running: dict[Future[tuple[Manifest, float]], Step] = {}
    lock = threading.Lock()
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="step") as threads:
        try:
            while waiting or running:
                pending = set(waiting) | {step.directory for step in running.values()}
                for directory, step in list(waiting.items()):
                    if len(running) < at_once and not upstream[directory] & pending:
                        del waiting[directory]
                        future = threads.submit(_timed, step, workspace, mapper_of(step), extra(step))
                        running[future] = step
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    step = running.pop(future)
                    manifest, seconds = future.result()
                    with lock:
                        on_built(step, manifest, seconds)
        except BaseException:  # an interrupt too: begin nothing more; what is under way ends or is killed
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _timed(
    step: Step, workspace: Workspace, mapper: Mapper, extra: dict[str, Any],
) -> tuple[Manifest, float]:
    began = time.monotonic()
    return build(step, workspace, mapper, extra), time.monotonic() - began


def build(step: Step, workspace: Workspace, mapper: Mapper, extra: dict[str, Any]) -> Manifest:
    """Build one step with the function its kind names; a damaged directory is started anew."""
    directory = workspace.path(step)
    (directory / "manifest.json").unlink(missing_ok=True)
    return named(BUILDERS[step.kind])(step, workspace, mapper, **extra)
