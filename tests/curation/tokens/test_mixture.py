"""Mixture manifests, and the refusal to repeat a corpus too often."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.tokens.mixture import check_epochs
from maslin.manifests.errors import DataError
from maslin.manifests.workspace import Workspace
from tests.token_steps import corpus_step, mixture, mixture_step, tokenizer_step, tokens_step


def test_manifest_alone(tmp_path):
    workspace, step = mixture(tmp_path, {"a": 0.75, "b": 0.25}, {"a": 40, "b": 20}, budget=1000)
    manifest = workspace.manifest(step)
    assert [path.name for path in sorted(workspace.path(step).iterdir())] == ["manifest.json", "measured.json"]
    a, tokens = manifest.summary["corpora"]["a"], workspace.manifest(step.inputs["tokens:a"])
    assert (a["weight"], a["tokens_planned"], a["max_epochs"]) == (0.75, 750, 1000)
    assert a["tokens_available"] == tokens.sizes["tokens"] and a["documents"] == 40
    assert a["epochs"] == 750 / a["tokens_available"] and a["bytes"] == tokens.sizes["bytes"]
    assert manifest.inputs["tokens:a"] == step.inputs["tokens:a"].directory


def test_weights_are_normalised(tmp_path):
    workspace, step = mixture(tmp_path, {"a": 3, "b": 1}, {"a": 40, "b": 20})
    assert workspace.manifest(step).summary["corpora"]["b"]["weight"] == 0.25


def test_too_many_epochs_are_refused_with_the_numbers():
    with pytest.raises(DataError) as caught:
        check_epochs("with-code", {"code": 0.2, "web": 0.8}, {"code": 1234, "web": 10**6}, 250_000, 4)
    assert str(caught.value) == (
        "mixture with-code: corpus code has 1,234 tokens; 20 % of 250,000 is 50,000 = 40.52 epochs, more than "
        "max_epochs 4. Lower its share to 1.97 %, lower training.tokens to 24,680, or raise max_epochs to 41.")


def test_every_corpus_at_fault_is_named():
    with pytest.raises(DataError, match=r"(?s)corpus a .*corpus b has no tokens"):
        check_epochs("m", {"a": 0.5, "b": 0.5}, {"a": 10, "b": 0}, 1000, 4)


def test_an_empty_corpus_is_refused(tmp_path):
    workspace = Workspace(tmp_path)
    full, empty = corpus_step(workspace, "full", [["some text"]]), corpus_step(workspace, "empty", [[]])
    tokenizer = tokenizer_step(workspace, [full, empty])
    tokens = [tokens_step(workspace, corpus, tokenizer) for corpus in (full, empty)]
    with pytest.raises(DataError, match="empty has no tokens"):
        mixture_step(workspace, {"full": 1, "empty": 1}, tokens)


@given(st.integers(1, 10**12), st.integers(1, 10**12), st.floats(0.001, 1000), st.floats(1e-6, 1))
def test_what_the_message_advises_is_allowed(there, budget, max_epochs, share):
    shares, available = {"a": share}, {"a": there}
    try:
        assert check_epochs("m", shares, available, budget, max_epochs)["a"] <= max_epochs
    except DataError as error:
        words = str(error).replace(",", "").split()
        percent, tokens = float(words[words.index("share") + 2]), int(words[words.index("training.tokens") + 2])
        epochs = int(words[-1].rstrip("."))
        check_epochs("m", {"a": percent / 100}, available, budget, max_epochs * (1 + 1e-12))
        check_epochs("m", shares, available, tokens, max_epochs * (1 + 1e-12))
        check_epochs("m", shares, available, budget, epochs)
