"""Muon: orthogonal updates of one size, momentum as written down, decay beside it."""

import pytest
import torch
from torch import nn

from maslin.trainer.config.resolve import resolve_training
from maslin.trainer.models.new_model import initialise
from maslin.trainer.runs.optimizer import MUON_MOMENTUM, MUON_RMS, Muon, make_optimizers, orthogonal
from maslin.trainer.runs.trainee import Single
from maslin.trainer.runs.workers import Alone
from tests.trainer.asking import CONFIGS


@pytest.mark.parametrize("shape", [(3, 8, 20), (2, 20, 8), (1, 16, 16)])
def test_singular_values_come_near_to_one_and_directions_stay(shape):
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    found = orthogonal(matrices)
    assert torch.linalg.svdvals(found).sub(1).abs().max() < 0.35
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    middle = u.mT @ found @ v.mT  # diagonal: the same singular vectors
    assert torch.allclose(middle, torch.diag_embed(middle.diagonal(dim1=-2, dim2=-1)), atol=1e-4)


def test_a_step_is_decay_and_a_scaled_orthogonal_update():
    generator = torch.Generator().manual_seed(1)
    parameters = [nn.Parameter(torch.randn(shape, generator=generator)) for shape in ((6, 10), (6, 10), (10, 4))]
    before = [parameter.detach().clone() for parameter in parameters]
    optimizer = Muon(parameters, learning_rate=0.1, weight_decay=0.5, joined={})
    momenta = [torch.zeros_like(parameter) for parameter in before]
    for _ in range(2):
        gradients = [torch.randn(parameter.shape, generator=generator) for parameter in before]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient.clone()
        optimizer.step()
        for index, gradient in enumerate(gradients):
            momenta[index] = MUON_MOMENTUM * momenta[index] + (1 - MUON_MOMENTUM) * gradient
            ahead = MUON_MOMENTUM * momenta[index] + (1 - MUON_MOMENTUM) * gradient
            size = MUON_RMS * max(gradient.shape) ** 0.5
            before[index] = before[index] * (1 - 0.1 * 0.5) - 0.1 * size * orthogonal(ahead[None])[0]
    for parameter, expected in zip(parameters, before, strict=True):
        assert torch.allclose(parameter, expected, atol=1e-5)


def test_matrices_side_by_side_are_made_orthogonal_each_by_itself():
    generator = torch.Generator().manual_seed(2)
    start, gradient = (torch.randn((2, 6, 12), generator=generator) for _ in range(2))
    whole = nn.Parameter(start.clone())
    apart = [nn.Parameter(part.clone()) for part in start.chunk(3, dim=-1)]
    for parameters, gradients, joined in ((
            [whole], [gradient], {whole: 3}), (apart, gradient.chunk(3, dim=-1), {})):
        for parameter, its in zip(parameters, gradients, strict=True):
            parameter.grad = its.contiguous()
        Muon(parameters, learning_rate=0.1, weight_decay=0.0, joined=joined).step()
    assert torch.allclose(whole, torch.cat(list(apart), dim=-1), atol=1e-6)
    alone = nn.Parameter(start.clone())
    alone.grad = gradient.clone()
    Muon([alone], learning_rate=0.1, weight_decay=0.0, joined={}).step()
    assert not torch.allclose(whole, alone, atol=1e-2)


def test_what_gpt2_joins_is_told_to_the_optimizer():
    model = initialise(CONFIGS["gpt2"], 1, torch.device("cpu"))
    muon = make_optimizers(Single(model, Alone()), resolve_training(CONFIGS["gpt2"], 10_000, optimizer="muon"))[0]
    joined = {name for name, parameter in model.named_parameters() if muon._joined.get(parameter) == 3}
    assert joined == {f"h.{layer}.attn.c_attn.weight" for layer in range(CONFIGS["gpt2"].layers)}
