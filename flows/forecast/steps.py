"""What a worker is asked to measure; torch is imported there."""

from typing import Any

from maslin.manifests.workspace import ShardResult


def steps_of_training(task: int, **about: Any) -> ShardResult:
    """See `maslin.trainer.runs.few_steps.measure_steps`."""
    from maslin.trainer.runs.few_steps import measure_steps

    return measure_steps(task, **about)
