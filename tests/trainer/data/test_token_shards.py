"""Reading tokens across parts, and refusing what does not agree with its manifest."""

import json

import numpy as np
import pytest

import maslin.trainer.data.token_shards
from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.workspace import Workspace
from maslin.trainer.data.token_shards import TokenCorpus
from tests.token_steps import corpus_step, texts_of, tokenizer_step, tokens_step


@pytest.fixture
def directory(tmp_path):
    workspace, texts = Workspace(tmp_path), texts_of(30, 20)
    corpus = corpus_step(workspace, "a", [texts[:7], [], texts[7:8], texts[8:]])
    return workspace.path(tokens_step(workspace, corpus, tokenizer_step(workspace, [corpus])))


def whole(directory):
    return np.concatenate([np.fromfile(path, "<u2") for path in sorted((directory / "tokens").iterdir())])


def test_any_stretch_is_that_of_the_parts_together(directory):
    ids, rng = whole(directory), np.random.default_rng(0)
    with TokenCorpus(directory) as corpus:
        assert corpus.tokens == len(ids) and corpus.documents == 30
        for start, stop in [(0, 0), (0, len(ids)), (len(ids), len(ids)), *np.sort(rng.integers(0, len(ids), (50, 2)))]:
            assert np.array_equal(corpus.read(start, stop), ids[start:stop])
        for start, stop in [(-1, 3), (0, len(ids) + 1), (5, 4)]:
            with pytest.raises(IndexError):
                corpus.read(start, stop)


def test_few_parts_are_mapped_at_a_time(directory, monkeypatch):
    monkeypatch.setattr(maslin.trainer.data.token_shards, "OPEN_PARTS", 1)
    with TokenCorpus(directory) as corpus:
        assert np.array_equal(corpus.read(0, corpus.tokens), whole(directory)) and len(corpus._maps) == 1


def test_documents_have_positions_in_the_whole(directory):
    with TokenCorpus(directory) as corpus:
        table = corpus.document_table()
        ends = table["end"].to_numpy()
        assert table["start"].to_pylist() == [0, *ends[:-1].tolist()] and ends[-1] == corpus.tokens
        assert np.array_equal(np.flatnonzero(corpus.read(0, corpus.tokens) == corpus.end_of_text), ends - 1)
        start, stop = int(ends[5]) - 1, int(ends[9]) + 1
        assert corpus.document_ids(start, stop) == table["id"].to_pylist()[5:11]
        assert corpus.document_ids(start + 1, stop - 1) == table["id"].to_pylist()[6:10]


def test_bytes_and_documents_before_a_position(directory):
    with TokenCorpus(directory) as corpus:
        table = corpus.document_table()
        starts, sizes = table["start"].to_numpy(), table["bytes"].to_numpy()
        assert np.array_equal(corpus.bytes_before(starts), np.cumsum(sizes) - sizes)
        assert np.array_equal(corpus.documents_before(starts), np.arange(30))
        assert corpus.bytes_before(np.array([corpus.tokens]))[0] == corpus.bytes
        assert corpus.documents_before(np.array([1, corpus.tokens])).tolist() == [1, 30]
        assert (np.diff(corpus.bytes_before(np.arange(corpus.tokens + 1))) >= 0).all()


def test_a_missing_or_cut_part_is_refused(directory):
    path = directory / "tokens" / "part-00000.bin"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(DataError, match=r"part-00000\.bin"):
        TokenCorpus(directory)
    path.unlink()
    with pytest.raises(DataError, match=r"part-00000\.bin"):
        TokenCorpus(directory)


@pytest.mark.parametrize(("where", "key", "value"), [
    ("summary", "vocab_size", 70_000), ("summary", "end_of_text", 330), ("summary", "end_of_text", -1),
    ("sizes", "tokens", 3),
])
def test_a_manifest_that_does_not_agree_is_refused(directory, where, key, value):
    manifest = json.loads((directory / "manifest.json").read_text())
    manifest[where][key] = value
    (directory / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError):
        TokenCorpus(directory)


def test_other_directories_are_refused(directory):
    [tokenizer] = (directory.parent.parent / "tokenizer").iterdir()
    with pytest.raises(UsageError, match="holds tokenizer, not tokens"):
        TokenCorpus(tokenizer)
    with pytest.raises(UsageError, match="not a finished step"):
        TokenCorpus(directory / "tokens")
