"""Going on from another run's model: another mixture, a new optimizer, and only where the words are the same."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from maslin.manifests.errors import UsageError
from maslin.manifests.identity import hash_int
from maslin.manifests.recipe.initial_model import find_initial_model
from maslin.manifests.workspace import read_manifest, serial_map
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.data.causal import causal
from maslin.trainer.data.sampler import Sampler
from maslin.trainer.models.bert.spec import MASK
from maslin.trainer.models.initial_weights import check_same_vocabulary, load_initial_weights
from maslin.trainer.models.new_model import initialise
from maslin.trainer.models.saved_model import load_model, save_model
from maslin.trainer.runs.metrics import read_metrics
from maslin.trainer.runs.optimizer import learning_rate
from maslin.trainer.runs.train import build_run
from tests.trainer.asking import CONFIGS
from tests.trainer.mixture_workspace import MODEL, run_step

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A workspace with a finished run of two checkpoints."""
    workspace, step = run_step(tmp_path_factory.mktemp("base"), average_checkpoints=2)
    build_run(step, workspace, serial_map)
    return workspace, step


def continued(base, initial, **training):
    """A run on the same mixture with another seed that goes on from `initial`."""
    _, step = base
    parameters = {
        **step.parameters, "seed": 5, "training": {**step.parameters["training"], "average_checkpoints": 1, **training}}
    return replace(step, name="more-s5", parameters=parameters, inputs={**step.inputs, "initial_model": initial.digest})


@pytest.mark.parametrize("wanted", ["both-s0", "{run}", "{run}/checkpoints/step-00000008.safetensors"])
def test_a_run_begins_with_the_weights_it_is_to_go_on_from(base, wanted):
    workspace, step = base
    initial = find_initial_model(wanted.format(run=step.directory), Path("/nowhere"), workspace)
    more = continued(base, initial)
    build_run(more, workspace, serial_map, initial=initial.weights)
    first = read_metrics(workspace.path(more) / "metrics.jsonl")[0]["loss"]
    model = load_model(initial.run / "model")
    load_initial_weights(model, initial.weights, initial.run / "model" / "tokenizer.json")
    mixture = workspace.path(step.inputs["mixture"])
    with Sampler(mixture, seed=hash_int(5, "order"), context_tokens=32, sequences_per_step=4, steps=12) as sampler:
        nats = model.summed_nats(causal(sampler.batch(0))) / 128
    assert first == pytest.approx(nats.item(), abs=1e-5)


def test_the_content_of_the_model_is_in_the_run_s_identity(base):
    workspace, step = base
    whole, early = (find_initial_model(name, workspace.root, workspace) for name in (
        step.directory, f"{step.directory}/checkpoints/step-00000008.safetensors"))
    digests = {continued(base, whole).digest, continued(base, early).digest, step.digest}
    assert len(digests) == 3
    assert read_manifest(whole.run).parameters["model"] == whole.model
    assert whole.tokenizer == workspace.path(step.inputs["tokenizer"]).resolve() / "tokenizer.json"


def test_killed_it_goes_on_from_its_own_checkpoint(base, tmp_path, monkeypatch):
    workspace, _ = base
    initial = find_initial_model("both-s0", workspace.root, workspace)
    whole, killed = (replace(continued(base, initial), name=name) for name in ("whole-s5", "killed-s5"))
    build_run(whole, workspace, serial_map, initial=initial.weights)
    def dies(config, number):
        if number >= 6:
            raise KeyboardInterrupt
        return learning_rate(config, number)

    with monkeypatch.context() as patch:
        patch.setattr("maslin.trainer.runs.loop.learning_rate", dies)
        with pytest.raises(KeyboardInterrupt):
            build_run(killed, workspace, serial_map, initial=initial.weights)
    build_run(killed, workspace, serial_map, initial=initial.weights)
    files = [read_manifest(workspace.path(run)).files for run in (whole, killed)]
    assert files[0] == files[1]


@pytest.mark.parametrize(("wanted", "message"), [
    ("none-s0", "neither a path nor the name of a finished run"), ("run", "no finished run"),
    ("{mixture}", "holds mixture, not a run"), ("{run}/metrics.jsonl", "no finished run"),
    ("{run}/checkpoints/other", "neither a path"),
])
def test_what_is_no_finished_run_is_refused(base, wanted, message):
    workspace, step = base
    wanted = wanted.format(run=step.directory, mixture=step.inputs["mixture"].directory)
    with pytest.raises(UsageError, match=message):
        find_initial_model(wanted, workspace.root, workspace)


def test_two_runs_of_one_name_are_not_guessed_between(tmp_path):
    workspace, step = run_step(tmp_path)
    for tokens in (128, 256):
        training = {**step.parameters["training"], "tokens": tokens}
        build_run(replace(step, parameters={**step.parameters, "training": training}), workspace, serial_map)
    with pytest.raises(UsageError, match=r"2 finished runs are called `both-s0`.*run/both-s0@\w+ or run/both-s0@"):
        find_initial_model("both-s0", tmp_path, workspace)


def test_another_vocabulary_is_refused_with_the_reason(base, tmp_path):
    workspace, _ = base
    initial = find_initial_model("both-s0", workspace.root, workspace)
    path = tmp_path / "tokenizer.json"
    path.write_text(initial.tokenizer.read_text().replace('"5"', '"five"'))
    with pytest.raises(UsageError, match="60 tokens and 60, of which 1 are not the same"):
        check_same_vocabulary(initial.tokenizer, path, ())
    path.write_text(initial.tokenizer.read_text().replace('"normalizer":null', '"normalizer":{"type":"NFC"}'))
    with pytest.raises(UsageError, match=r"its normalizer differs.*tokenizer: \{path"):
        check_same_vocabulary(initial.tokenizer, path, ())


@pytest.mark.parametrize("architecture", ["llama", "bert"])
def test_new_special_tokens_get_new_rows_and_reserved_ones_move(base, tmp_path, architecture):
    workspace, step = base
    tokenizer = workspace.path(step.inputs["tokenizer"]) / "tokenizer.json"
    config = replace(CONFIGS[architecture], vocab_size=60)
    old = initialise(config, 1, CPU)
    save_model(tmp_path, old, tokenizer, 59)
    longer = Tokenizer.from_file(str(tokenizer))
    longer.add_special_tokens([f"<|{number}|>" for number in range(70)])
    longer.save(str(tmp_path / "longer.json"))
    new = initialise(replace(config, vocab_size=130), 2, CPU)
    fresh = new.embedding[60:130].clone()
    load_initial_weights(new, tmp_path / "model" / "model.safetensors", tmp_path / "longer.json")
    assert torch.equal(new.embedding[:60], old.embedding[:60]) and torch.equal(new.embedding[60:130], fresh)
    if architecture == "bert":
        mask = new.config.reserved_id(MASK)
        assert mask == 130 and torch.equal(new.embedding[mask], old.embedding[60])
    shape = (name for name in old.state_dict() if name not in old.token_parameters)
    assert all(torch.equal(old.state_dict()[name], new.state_dict()[name]) for name in shape)


def test_another_shape_is_refused_and_another_context_only_where_positions_are_learned():
    small = ModelConfig.from_json(MODEL.to_json())
    replace(small, context_tokens=64, vocab_size=9).check_continues(small, "there")
    with pytest.raises(UsageError, match="there holds a model of another shape: layers is 3 here and 2 there"):
        replace(small, layers=3).check_continues(small, "there")
    with pytest.raises(UsageError, match="context_tokens is 64 here and 32 there"):
        replace(CONFIGS["gpt2"], context_tokens=64).check_continues(CONFIGS["gpt2"], "there")
