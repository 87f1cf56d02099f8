"""A saved model comes back as it was, and opens in transformers with the same logits."""

import shutil
from dataclasses import replace

import pyarrow as pa
import pytest
import torch
from tokenizers import Tokenizer

from maslin.curation.tokens.bpe.training import train
from maslin.curation.tokens.tokenizer import END_OF_TEXT, vocab_size
from maslin.manifests.errors import UsageError
from maslin.trainer.models.new_model import initialise
from maslin.trainer.models.saved_model import load_decoder, load_model, save_model
from tests.trainer.asking import CONFIGS, asking

TEXT = "Maslin is grain of several kinds, sown and milled together. " * 20


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    train([pa.array([TEXT])], 300, [END_OF_TEXT]).save(str(path))
    return path


@pytest.fixture(scope="module", params=CONFIGS)
def saved(tmp_path_factory, tokenizer, request):
    folder = tmp_path_factory.mktemp(request.param)
    config = replace(CONFIGS[request.param], vocab_size=vocab_size(Tokenizer.from_file(str(tokenizer))))
    model = initialise(config, 1, torch.device("cpu"))
    with torch.no_grad():  # norms of one would hide a wrong mapping
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel()))
    entries = save_model(folder, model, tokenizer, end_of_text=0)
    return model, folder / "model", entries


def test_a_model_comes_back_bit_for_bit(saved):
    model, folder, entries = saved
    again = load_model(folder)
    assert again.config == model.config
    assert all(torch.equal(again.state_dict()[name], value) for name, value in model.state_dict().items())
    assert sorted(entry["path"] for entry in entries) == [
        "model/config.json", "model/model.safetensors", "model/tokenizer.json", "model/tokenizer_config.json"]


def test_what_is_no_model_is_refused(saved, tmp_path):
    _, folder, _ = saved
    with pytest.raises(UsageError, match="no model"):
        load_model(folder.parent)
    shutil.copytree(folder, tmp_path / "model")
    weights = tmp_path / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(UsageError, match="no model"):
        load_model(tmp_path / "model")


def test_what_gives_texts_no_probability_is_refused_where_one_is_needed(saved):
    model, folder, _ = saved
    if not model.config.spec.is_decoder:
        refusal = f"a {model.config.architecture} model, which scoring cannot use: it takes llama or gpt2"
        with pytest.raises(UsageError, match=refusal):
            load_decoder(folder, "scoring")
    else:
        assert load_decoder(folder, "scoring").config == model.config


def test_a_tokenizer_with_the_reserved_names_is_refused(tmp_path, tokenizer):
    own = Tokenizer.from_file(str(tokenizer))
    own.add_special_tokens(["[MASK]"])
    own.save(str(tmp_path / "tokenizer.json"))
    model = initialise(replace(CONFIGS["bert"], vocab_size=vocab_size(own)), 1, torch.device("cpu"))
    with pytest.raises(UsageError, match=r"\[MASK\].*Train with one that has no such token"):
        save_model(tmp_path, model, tmp_path / "tokenizer.json", end_of_text=0)


@pytest.mark.slow
def test_transformers_opens_it_with_the_same_logits_and_tokens(saved, tokenizer):
    transformers = pytest.importorskip("transformers")
    model, folder, _ = saved
    name = model.config.spec.opens_as
    theirs, loading = getattr(transformers, name).from_pretrained(folder, output_loading_info=True)
    assert not loading["missing_keys"] and not loading["unexpected_keys"] and not loading["mismatched_keys"]
    tokens, said = torch.randint(0, model.config.vocab_size, (2, 2, 32), generator=torch.Generator().manual_seed(0))
    given = {"input_ids": tokens}
    examples = asking(tokens)
    if name == "T5ForConditionalGeneration":
        given["decoder_input_ids"], examples = said, replace(examples, decoder_tokens=said)
    with torch.no_grad():
        assert torch.allclose(theirs(**given).logits, model.logits(examples), atol=1e-4)
    text = "a maslin of kinds"
    ids = transformers.AutoTokenizer.from_pretrained(folder)(text).input_ids
    plain = Tokenizer.from_file(str(tokenizer)).encode(text).ids
    assert ids == as_trained(model, plain)


def as_trained(model, ids):
    """A document's tokens as the model saw them in training, with end-of-text (0)."""
    return [*ids, 0] if model.config.architecture == "t5" else [0, *ids]


def test_the_exported_tokenizer_encodes_as_the_model_was_trained(saved, tokenizer):
    model, folder, _ = saved
    text = "a maslin of kinds"
    plain = Tokenizer.from_file(str(tokenizer)).encode(text).ids
    exported = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert exported.encode(text).ids == as_trained(model, plain)
    assert exported.decode(exported.encode(text).ids) == text


def test_the_exported_tokenizer_knows_what_the_model_reserves(saved):
    model, folder, _ = saved
    tokenizer, config = Tokenizer.from_file(str(folder / "tokenizer.json")), model.config
    for token in config.spec.reserved:
        ids = tokenizer.encode(f"a{token}b", add_special_tokens=False).ids
        assert ids[1:-1] == [config.reserved_id(token)] and ids[1] < config.padded_vocab_size
