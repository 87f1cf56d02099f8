"""A saved model comes back as it was, and opens in transformers with the same logits."""

from dataclasses import replace

import pytest
import torch

from manifests.errors import UsageError
from trainer.architectures import initialise
from trainer.config import ModelConfig
from trainer.saved_model import load_model, save_model

CONFIG = ModelConfig(layers=2, width=32, heads=4, kv_heads=2, hidden=48, context_tokens=32, vocab_size=100)
CONFIGS = {
    "llama": replace(CONFIG, rope_base=500.0),
    "gpt2": replace(CONFIG, architecture="gpt2", kv_heads=4, hidden=128, norm_eps=1e-5),
}


@pytest.fixture(params=CONFIGS)
def saved(tmp_path, request):
    (tmp_path / "tokenizer.json").write_text("{}")
    model = initialise(CONFIGS[request.param], 1, torch.device("cpu"))
    with torch.no_grad():  # norms of one would hide a wrong mapping
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel()))
    entries = save_model(tmp_path, model, tmp_path / "tokenizer.json", end_of_text=0)
    return model, tmp_path / "model", entries


def test_a_model_comes_back_bit_for_bit(saved):
    model, folder, entries = saved
    again = load_model(folder)
    assert again.config == model.config
    assert all(torch.equal(again.state_dict()[name], value) for name, value in model.state_dict().items())
    assert sorted(entry["path"] for entry in entries) == [
        "model/config.json", "model/model.safetensors", "model/tokenizer.json"]


def test_what_is_no_model_is_refused(saved):
    _, folder, _ = saved
    with pytest.raises(UsageError, match="no model"):
        load_model(folder.parent)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(UsageError, match="no model"):
        load_model(folder)


@pytest.mark.slow
def test_transformers_opens_it_with_the_same_logits(saved):
    transformers = pytest.importorskip("transformers")
    model, folder, _ = saved
    theirs, loading = transformers.AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    assert type(theirs).__name__ == model.transformers_config()["architectures"][0]
    assert not loading["missing_keys"] and not loading["unexpected_keys"]
    tokens = torch.randint(0, 100, (2, 32), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.allclose(theirs(tokens).logits, model.logits(tokens), atol=1e-4)
