"""Batches that a thread makes ahead, so that no step waits for its data."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch

from trainer.sampler import Sampler

AHEAD = 2  # batches made before they are asked for

Tensors = tuple[torch.Tensor, torch.Tensor]


@contextmanager
def prefetch(
    sampler: Sampler, steps: range, device: torch.device, rank: int = 0, ranks: int = 1,
) -> Iterator[Iterator[Tensors]]:
    """An iterator over the steps' `tokens` and `segments` (see `Batch`), on `device`, of one of `ranks` workers.

    For CUDA they are made in pinned memory and copied while the device works. What the thread raises is raised where
    the batch is asked for. Meanwhile only this thread may call `sampler.batch`.
    """
    on_cuda = device.type == "cuda"

    def make(step: int) -> Tensors:
        batch = sampler.batch(step, rank, ranks)
        tokens, segments = torch.from_numpy(batch.tokens), torch.from_numpy(batch.segments)
        return (tokens.pin_memory(), segments.pin_memory()) if on_cuda else (tokens, segments)

    def in_order() -> Iterator[Tensors]:
        waiting = deque(thread.submit(make, step) for step in steps[:AHEAD])
        for step in steps:
            tokens, segments = waiting.popleft().result()
            if step + AHEAD in steps:
                waiting.append(thread.submit(make, step + AHEAD))
            yield tokens.to(device, non_blocking=True), segments.to(device, non_blocking=True)

    thread = ThreadPoolExecutor(
        1, "prefetch", initializer=torch.cuda.set_device if on_cuda else None, initargs=(device,) if on_cuda else ())
    try:
        yield in_order()
    finally:
        thread.shutdown(cancel_futures=True)
