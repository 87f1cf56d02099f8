"""Batches made ahead are those of the sampler, in order; errors of the thread are raised where a batch is asked for."""

import threading

import numpy as np
import pytest
import torch

from maslin.manifests.errors import UsageError
from maslin.trainer.data.causal import causal
from maslin.trainer.data.prefetch import prefetch
from maslin.trainer.data.sampler import Sampler
from tests.token_steps import mixture

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def sampler(tmp_path_factory):
    workspace, step = mixture(tmp_path_factory.mktemp("mixture"), {"a": 0.5, "b": 0.5}, {"a": 40, "b": 25})
    with Sampler(workspace.path(step), seed=1, context_tokens=16, sequences_per_step=4, steps=20) as each:
        yield each


@pytest.mark.parametrize("steps", [range(20), range(7, 20), range(19, 20), range(3, 3)])
def test_batches_are_those_of_the_sampler(sampler, steps):
    for rank, ranks in ((0, 1), (1, 2)):
        with prefetch(sampler, steps, causal, CPU, rank, ranks) as batches:
            found = list(batches)
        assert len(found) == len(steps)
        for step, examples in zip(steps, found, strict=True):
            batch = sampler.batch(step, rank, ranks)
            assert np.array_equal(examples.tokens, batch.inputs) and np.array_equal(examples.targets, batch.targets)
            assert np.array_equal(examples.segments, batch.segments)


def test_errors_of_the_thread_are_raised_where_the_batch_is_asked_for(sampler):
    with prefetch(sampler, range(20), causal, CPU, 0, 3) as batches, pytest.raises(UsageError, match="shared by 3"):
        next(batches)


def test_the_thread_ends_with_the_block_whatever_was_taken(sampler):
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), prefetch(sampler, range(20), causal, CPU) as batches:
        next(batches)
        raise KeyboardInterrupt
    assert threading.active_count() == before
