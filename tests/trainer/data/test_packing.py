"""Documents packed into one sequence do not see one another: from the shards of a mixture to the logits."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from maslin.trainer.data.sampler import Sampler, segments_of
from maslin.trainer.models.new_model import initialise
from tests.trainer.asking import asking
from tests.trainer.mixture_workspace import MODEL, run_step


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    workspace, step = run_step(tmp_path_factory.mktemp("packing"))
    mixture = workspace.path(step.inputs["mixture"])
    with Sampler(mixture, seed=1, context_tokens=32, sequences_per_step=8, steps=1) as sampler:
        return sampler.batch(0), sampler.end_of_text


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_changing_the_first_document_leaves_the_logits_of_the_others(batch, architecture):
    batch, end_of_text = batch
    kinds = {"llama": MODEL, "gpt2": replace(MODEL, architecture="gpt2", kv_heads=MODEL.heads, hidden=128)}
    model = initialise(replace(kinds[architecture], vocab_size=60), 0, torch.device("cpu"))
    first = (batch.segments == 0) & (batch.inputs != end_of_text)
    changed = np.where(first, (batch.inputs + 7) % end_of_text, batch.inputs)
    assert np.array_equal(segments_of(changed, end_of_text), batch.segments) and (batch.segments > 0).sum() > 50
    logits = [
        model.logits(asking(torch.from_numpy(tokens).long(), torch.from_numpy(batch.segments))).detach()
        for tokens in (np.ascontiguousarray(batch.inputs), changed)
    ]
    later = torch.from_numpy(batch.segments > 0)
    assert torch.equal(logits[0][later], logits[1][later])
    assert not torch.isclose(logits[0], logits[1]).all(-1)[torch.from_numpy(first)].any()
