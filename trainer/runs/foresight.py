"""What is known of runs before one is trained: data that cannot be taken as asked, arms that would be one and the same.

For each mixture that runs will train on it does what training does first, opening it; without torch.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import partial

from maslin.manifests.errors import DataError
from maslin.manifests.workspace import Mapper, ShardResult, Step, Workspace
from maslin.trainer.runs.task import task_of

_COMPARED_SEQUENCES = 1 << 22  # from the beginning of runs; at the end only how many each corpus had


def problems_of_runs(
    runs: Mapping[str, Step], arms: Mapping[str, str], baseline: str | None, workspace: Workspace, mapper: Mapper,
) -> list[str]:
    """Sentences on what the runs cannot be trained on or compared by; none when all can. Mixtures have to be built.

    `arms`: arm → one of its runs; `baseline`: the arm the others are compared with.
    """
    keys = {name: _key(run) for name, run in runs.items()}
    chosen = {key: runs[name] for name, key in keys.items()}
    opened = mapper(
        partial(_opened, workspace), list(chosen.values()), "check mixtures", total=len(chosen), unit="mixtures")
    found = dict(zip(chosen, opened, strict=True))
    if problems := [result["problem"] for result in opened if "problem" in result]:
        return list(dict.fromkeys(problems))
    taken = {arm: found[keys[run]]["taken"] for arm, run in arms.items()} if baseline is not None else {}
    return [
        f"mixture {arm}: its runs would train on the very sequences of {baseline}, with which they are compared: the "
        "shares differ by less than a sequence of the run, or not at all. Set them farther apart, or raise "
        "training.tokens." for arm in taken if arm != baseline and taken[arm] == taken[baseline]]


def _key(run: Step) -> str:
    """Runs of one key take the same from their mixture; seeds matter where they choose documents."""
    mixture = run.inputs["mixture"]
    assert isinstance(mixture, Step)
    seed = run.parameters["seed"] if "simulate_target_tokens" in mixture.parameters else None
    return json.dumps([mixture.directory, run.parameters["model"], run.parameters["training"], seed], sort_keys=True)


def _opened(workspace: Workspace, run: Step) -> ShardResult:
    """The `problem` that training would end with, or a digest of what is `taken` of which corpus."""
    from maslin.trainer.data.sampler import Sampler  # numba takes a second to import: the command itself never needs it

    task = task_of(run, workspace, [run.parameters["seed"]])
    try:
        with Sampler(task.mixture, **task.sampling(run.parameters["seed"])) as sampler:
            number = sampler.steps * sampler.sequences_per_step
            begin = sampler.schedule.corpus(0, min(number, _COMPARED_SEQUENCES))
            corpora = [tokens.digest for tokens in sampler.tokens]
            end = sampler.schedule.counts(number).tolist()
    except DataError as error:
        return {"problem": str(error)}
    return {"taken": hashlib.sha256(json.dumps([corpora, end]).encode() + begin.tobytes()).hexdigest()}
