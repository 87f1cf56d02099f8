"""Models: shapes, documents that do not see one another, loss and initialisation as pure functions."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.nn.attention.flex_attention import create_block_mask

from maslin.trainer.config.resolve import MODELS, resolve_model
from maslin.trainer.models.cross_entropy import fusible, in_place, summed_nats, token_nats
from maslin.trainer.models.examples import IGNORED
from maslin.trainer.models.known import ARCHITECTURES
from maslin.trainer.models.layers import positions
from maslin.trainer.models.model import _same_document, attend, dense_mask
from maslin.trainer.models.new_model import initialise, make_model
from tests.trainer.asking import CONFIGS, asking

CPU = torch.device("cpu")
SMALL = CONFIGS["llama"]


@pytest.fixture(scope="module", params=CONFIGS)
def any_model(request):
    return initialise(CONFIGS[request.param], 7, CPU)


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def model(request):
    """A causal one."""
    return initialise(CONFIGS[request.param], 7, CPU)


def batch(rows: int = 2, length: int = 32, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 100, (rows, length)))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("name", "low", "high"), [
    ("tiny", 0.9e6, 1.1e6), ("mini", 3.1e6, 4e6), ("small", 10e6, 12.5e6), ("medium", 22e6, 26e6),
    ("base", 80e6, 90e6), ("large", 280e6, 300e6), ("xl", 1.3e9, 1.35e9),
])
def test_named_sizes_count_non_embedding_parameters(name, low, high, architecture):
    config = resolve_model(name, architecture, vocab_size=1000)
    model = make_model(config)
    shapes = {key: value.numel() for key, value in model.named_parameters()}
    assert sum(shapes.values()) - sum(shapes[name] for name in model.EMBEDDINGS) == config.parameters
    assert low < config.parameters < high


def test_widths_follow_from_depths_by_the_rule():
    for name, size in MODELS.items():
        if name != "tiny":
            assert size.width == 64 * size.layers and size.hidden == -(-8 * size.width // 384) * 128
            assert size.parameters == pytest.approx(49_152 * size.layers**3, rel=0.09)
        assert size.head_width == (128 if size.layers >= 12 else 64)


def test_a_document_does_not_see_the_one_before(any_model):
    tokens, segments = batch(), torch.zeros(2, 32, dtype=torch.int64)
    segments[:, 12:] = 1
    changed = tokens.clone()
    changed[:, :12] = (changed[:, :12] + 1) % 100
    before, after = (any_model.logits(asking(given, segments)) for given in (tokens, changed))
    assert torch.equal(before[:, 12:], after[:, 12:])
    assert not torch.allclose(before[:, :12], after[:, :12])


def test_packed_documents_give_the_logits_of_documents_alone(any_model):
    tokens, segments = batch(1), torch.zeros(1, 32, dtype=torch.int64)
    segments[:, 20:] = 1
    packed = any_model.logits(asking(tokens, segments))
    assert torch.allclose(packed[:, 20:], any_model.logits(asking(tokens[:, 20:])), atol=1e-5)
    assert torch.allclose(packed[:, :20], any_model.logits(asking(tokens[:, :20])), atol=1e-5)


def test_an_encoder_sees_later_positions_and_nothing_of_what_its_decoder_has_yet_to_say():
    tokens = batch()
    changed = tokens.clone()
    changed[:, -1] = (changed[:, -1] + 1) % 100
    bert, t5 = (initialise(CONFIGS[name], 7, CPU) for name in ("bert", "t5"))
    assert not torch.allclose(bert.logits(asking(tokens))[:, 0], bert.logits(asking(changed))[:, 0])
    given = asking(tokens)
    encoder, decoder = replace(given, tokens=changed), replace(given, decoder_tokens=changed)
    assert not torch.allclose(t5.logits(given)[:, 0], t5.logits(encoder)[:, 0])
    assert torch.equal(t5.logits(given)[:, :-1], t5.logits(decoder)[:, :-1])


def test_no_position_sees_a_later_one(model):
    tokens = batch()
    changed = tokens.clone()
    changed[:, -1] = (changed[:, -1] + 1) % 100
    assert torch.equal(model.logits(asking(tokens))[:, :-1], model.logits(asking(changed))[:, :-1])


def test_flex_attention_gives_what_the_dense_mask_gives(model):
    """The CUDA path's mask, on the CPU: forward only, FlexAttention has no backward there."""
    tokens, segments = batch(), torch.arange(32).expand(2, 32) // 10
    mask = create_block_mask(_same_document(segments), 2, None, 32, 32, device="cpu")
    with torch.no_grad():
        hidden = model.hidden(tokens, mask, segments)
        logits = functional.linear(hidden, model.embedding)
    assert torch.allclose(logits, model.logits(asking(tokens, segments)), atol=1e-4)


def test_a_dense_mask_serves_every_type():
    segments = torch.tensor([[0, 0, 1, 1, 1]])
    q, k, v = torch.randn((3, 1, 2, 5, 8), generator=torch.Generator().manual_seed(0))
    mask = dense_mask(segments, segments, causal=True)
    exact = attend(q, k, v, mask)
    for dtype, tolerance in ((torch.bfloat16, 0.03), (torch.float16, 0.004), (torch.float64, 1e-5)):
        found = attend(q.to(dtype), k.to(dtype), v.to(dtype), mask)
        assert found.dtype == dtype and torch.allclose(found.float(), exact, atol=tolerance)
        blind = attend(q.to(dtype), k.to(dtype), v.to(dtype), None)
        assert not torch.allclose(blind.float(), exact, atol=0.1)


def test_flex_attention_of_an_encoder_gives_what_the_dense_mask_gives():
    bert = initialise(CONFIGS["bert"], 7, CPU)
    tokens, segments = batch(), torch.arange(32).expand(2, 32) // 10
    mask = create_block_mask(_same_document(segments, causal=False), 2, None, 32, 32, device="cpu")
    with torch.no_grad():
        states = bert(tokens, positions(tokens, segments), mask)
        assert torch.allclose(states, bert.states(asking(tokens, segments)), atol=1e-4)


@pytest.mark.parametrize("chunk", [64, 1 << 20])
def test_chunked_loss_and_gradients_are_those_of_cross_entropy(monkeypatch, chunk):
    monkeypatch.setattr("maslin.trainer.models.cross_entropy._CHUNK_ELEMENTS", {"cpu": chunk})
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(150, 16, generator=generator, dtype=torch.float32, requires_grad=True)
    weight = (torch.randn(50, 16, generator=generator) * 20).requires_grad_(True)  # targets far below the maximum
    bias = torch.randn(50, generator=generator, requires_grad=True)
    targets = torch.randint(0, 50, (150,), generator=generator)
    expected = functional.cross_entropy(hidden @ weight.T + bias, targets, reduction="sum")
    found = summed_nats(hidden, weight, targets, bias=bias)
    assert torch.allclose(found, expected, rtol=1e-5)
    gradients = torch.autograd.grad(found / 3, (hidden, weight, bias))
    expected_gradients = torch.autograd.grad(expected / 3, (hidden, weight, bias))
    for ours, theirs in zip(gradients, expected_gradients, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    with torch.no_grad():
        each = token_nats(hidden, weight, targets)
        expected_each = functional.cross_entropy(hidden @ weight.T, targets, reduction="none")
    assert torch.allclose(each, expected_each, rtol=1e-4, atol=1e-4)


def test_z_loss_is_in_the_gradients_and_not_in_the_value():
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(90, 16, generator=generator, requires_grad=True)
    weight = (torch.randn(50, 16, generator=generator) * 3).requires_grad_(True)
    targets = torch.randint(0, 50, (90,), generator=generator)
    logits = hidden @ weight.T
    expected = functional.cross_entropy(logits, targets, reduction="sum")
    whole = expected + 0.01 * logits.logsumexp(-1).square().sum()
    found = summed_nats(hidden, weight, targets, 0.01)
    assert torch.allclose(found, expected, rtol=1e-5)
    for ours, theirs in zip(
        torch.autograd.grad(found, (hidden, weight)), torch.autograd.grad(whole, (hidden, weight)), strict=True,
    ):
        assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-3)


def test_training_loss_is_the_sum_of_token_nats(model):
    tokens, targets = batch(seed=1), batch(seed=2)
    found = model.summed_nats(asking(tokens, targets=targets))
    assert torch.allclose(found, model.token_nats(tokens, targets).sum(), rtol=1e-5)


def test_only_targets_that_are_asked_count(any_model):
    tokens = batch()
    whole = asking(tokens)
    targets = tokens.clone()
    targets[0, :20] = targets[1, 5:] = IGNORED
    nats = functional.cross_entropy(any_model.logits(whole).flatten(0, 1), targets.flatten(), ignore_index=IGNORED,
                                    reduction="sum")
    part = replace(whole, targets=targets, asked=np.array([12, 5]))
    assert torch.allclose(any_model.summed_nats(part), nats, rtol=1e-5)
    assert torch.allclose(any_model.summed_nats(part[:1]) + any_model.summed_nats(part[1:]), nats, rtol=1e-5)


def test_positions_of_gpt2_begin_anew_with_every_document():
    segments = torch.tensor([[4, 4, 5, 5, 5, 4, 6], [0, 0, 0, 0, 0, 0, 0]])
    assert positions(segments, segments).tolist() == [[0, 1, 0, 1, 2, 0, 0], [0, 1, 2, 3, 4, 5, 6]]
    assert positions(segments, None).tolist() == [[0, 1, 2, 3, 4, 5, 6]] * 2


def test_base_as_gpt2_is_the_124m_of_the_paper():
    config = resolve_model("base", "gpt2", vocab_size=50257)
    padding = (config.padded_vocab_size - 50257) * 768
    assert sum(parameter.numel() for parameter in make_model(config).parameters()) - padding == 124_439_808
    assert config.heads == 12


def test_initial_weights_follow_from_seed_and_name_alone():
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = initialise(SMALL, 3, CPU).state_dict()
    assert torch.equal(torch.get_rng_state(), state)  # no global generator
    torch.manual_seed(2)
    again, other = initialise(SMALL, 3, CPU).state_dict(), initialise(SMALL, 4, CPU).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["embed_tokens.weight"], other["embed_tokens.weight"])
    assert not torch.equal(first["layers.0.mlp.up_proj.weight"], first["layers.1.mlp.up_proj.weight"])


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_a_new_model_knows_nothing(architecture):
    config = resolve_model("tiny", architecture, vocab_size=4096)
    tokens = torch.arange(512).view(2, 256)
    nats = initialise(config, 0, CPU).token_nats(tokens, tokens.roll(1, 1)).mean()
    assert abs(float(nats) - np.log(config.padded_vocab_size)) < 0.1


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", ["tiny", "base"])
def test_gradients_reach_every_parameter_in_bfloat16(name, architecture, monkeypatch):
    """In the number format of CUDA runs; one layer, few tokens."""
    small = initialise(resolve_model(name, architecture, layers=1, vocab_size=200), 0, CPU)
    monkeypatch.setattr(type(small), "compute_dtype", torch.bfloat16)
    tokens = batch(1, 16)
    small.summed_nats(asking(tokens)).backward()
    for name, parameter in small.named_parameters():
        assert parameter.grad is not None and parameter.grad.dtype == torch.float32, name
        assert parameter.grad.any(), name


@pytest.mark.slow
def test_one_compiled_graph_serves_every_batch(model):
    """As on CUDA: whole, shapes fixed; documents of other lengths do not compile anew."""
    from torch._dynamo.testing import CompileCounter

    counter = CompileCounter()
    compiled = initialise(model.config, 7, CPU)
    compiled.compile(backend=counter, dynamic=False, fullgraph=True)
    for seed, cut in enumerate((5, 20, 31)):
        segments = torch.zeros(2, 32, dtype=torch.int64)
        segments[:, cut:] = 1
        examples = asking(batch(seed=seed), segments)
        compiled.summed_nats(examples).backward()
        assert torch.allclose(compiled.logits(examples), model.logits(examples), atol=1e-5)
    assert counter.frame_count == 1


@pytest.mark.parametrize(("z_loss", "biased"), [(0.0, False), (1e-2, True)])
def test_both_forms_of_a_chunk_give_loss_and_gradient(z_loss, biased):
    generator = torch.Generator().manual_seed(5)
    products = torch.randn(7, 11, generator=generator) * 4
    target = torch.randint(0, 11, (7, 1), generator=generator)
    bias = torch.randn(11, generator=generator) if biased else None
    logits = (products if bias is None else products + bias).double().requires_grad_()
    nats = torch.nn.functional.cross_entropy(logits, target[:, 0], reduction="sum")
    (wanted,) = torch.autograd.grad(nats + z_loss * logits.logsumexp(-1).square().sum(), logits)
    for chunk in (in_place, fusible):
        found, gradient, sums = chunk(products.clone(), target, z_loss, bias)
        assert found.item() == pytest.approx(nats.item(), rel=1e-6), chunk
        assert torch.allclose(gradient.double(), wanted, atol=1e-5), chunk
        assert (sums is None) is (bias is None) and (sums is None or torch.allclose(sums, gradient.sum(0)))


@pytest.mark.slow
def test_the_compiled_form_is_as_the_other():
    torch.manual_seed(5)
    products, target = torch.randn(64, 300), torch.randint(0, 300, (64, 1))
    for one, two in zip(torch.compile(fusible, dynamic=False)(products, target, 1e-3, None),
                        in_place(products.clone(), target, 1e-3, None), strict=True):
        assert (one is None and two is None) or torch.allclose(one, two, rtol=1e-5, atol=1e-5)
