"""Batches and their examples that a thread makes ahead, so that no step waits for its data."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch

from maslin.trainer.data.sampler import Batch, Sampler
from maslin.trainer.models.examples import Examples

AHEAD = 2  # batches made before they are asked for


@contextmanager
def prefetch(
    sampler: Sampler, steps: range, examples: Callable[[Batch], Examples], device: torch.device, rank: int = 0,
    ranks: int = 1,
) -> Iterator[Iterator[Examples]]:
    """An iterator over the `examples` of the steps' batches, on `device`, of one of `ranks` workers.

    For CUDA they are made in pinned memory and copied while the device works. What the thread raises is raised where
    the batch is asked for. Meanwhile only this thread may call `sampler.batch`.
    """
    on_cuda = device.type == "cuda"

    def make(step: int) -> Examples:
        made = examples(sampler.batch(step, rank, ranks))
        return made.pinned() if on_cuda else made

    def in_order() -> Iterator[Examples]:
        waiting = deque(thread.submit(make, step) for step in steps[:AHEAD])
        for step in steps:
            made = waiting.popleft().result()
            if step + AHEAD in steps:
                waiting.append(thread.submit(make, step + AHEAD))
            yield made.to(device)

    thread = ThreadPoolExecutor(
        1, "prefetch", initializer=torch.cuda.set_device if on_cuda else None, initargs=(device,) if on_cuda else ())
    try:
        yield in_order()
    finally:
        thread.shutdown(cancel_futures=True)
