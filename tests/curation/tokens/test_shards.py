"""Token shards: what is on disk, and that texts come back from it."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.tokens.bpe.encoder import encoder_of
from maslin.curation.tokens.bpe.training import train
from maslin.curation.tokens.shards import build_tokens
from maslin.curation.tokens.tokenizer import build_tokenizer, load_tokenizer
from maslin.manifests.files import checksum
from maslin.manifests.tables import read_table
from maslin.manifests.workspace import Step, Workspace, serial_map, verify
from tests.token_steps import corpus_step, texts_of, tokenizer_step, tokens_step


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("tokens"))
    parts = [[*texts_of(40, 30), "", "a <|endoftext|> is text", "\x00\u2028 e\u0301"], [], ["last"]]
    corpus = corpus_step(workspace, "a", parts)
    tokenizer = tokenizer_step(workspace, [corpus])
    return workspace, parts, tokenizer, tokens_step(workspace, corpus, tokenizer)


def read_part(directory, part, dtype="<u2"):
    ids = np.fromfile(directory / f"tokens/part-{part:05d}.bin", dtype)
    return ids, read_table(directory / f"index/part-{part:05d}.parquet")


def test_texts_come_back_document_by_document(built):
    workspace, parts, tokenizer, step = built
    loaded = load_tokenizer(workspace.path(tokenizer))
    for part, texts in enumerate(parts):
        ids, index = read_part(workspace.path(step), part)
        assert index.num_rows == len(texts)
        for row, text in zip(index.to_pylist(), texts, strict=True):
            assert ids[row["end"] - 1] == 0
            assert loaded.decode(ids[row["start"] : row["end"] - 1].tolist(), skip_special_tokens=False) == text
            assert row["bytes"] == len(text.encode())
        assert index["end"].to_pylist()[-1:] == [len(ids)][: len(texts)]


def test_a_special_token_in_a_text_is_text(built):
    workspace, parts, _, step = built
    ids, _ = read_part(workspace.path(step), 0)
    assert (ids == 0).sum() == len(parts[0])


def test_manifest(built):
    workspace, parts, _, step = built
    manifest = workspace.manifest(step)
    texts = [text for part in parts for text in part]
    assert manifest.summary == {"dtype": "uint16", "vocab_size": 330, "end_of_text": 0}
    assert manifest.sizes["documents"] == len(texts)
    assert manifest.sizes["bytes"] == sum(len(text.encode()) for text in texts)
    assert manifest.sizes["tokens"] == sum(len(read_part(workspace.path(step), part)[0]) for part in range(3))
    assert not verify(workspace.path(step))


def test_a_large_vocabulary_takes_four_bytes(built, tmp_path):
    workspace, _, tokenizer, _ = built
    content = json.loads((workspace.path(tokenizer) / "tokenizer.json").read_text())
    content["model"]["vocab"]["zq"] = 65_536
    content["model"]["merges"].append(["z", "q"])
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(content))
    large = Step("tokenizer", "large", 1, {"kind": "file"}, {"file": checksum(path)})
    build_tokenizer(large, workspace, serial_map, path=path)
    step = tokens_step(workspace, corpus_step(workspace, "l", [["zq"]]), large)
    assert workspace.manifest(step).summary == {"dtype": "uint32", "vocab_size": 65_537, "end_of_text": 0}
    assert read_part(workspace.path(step), 0, "<u4")[0].tolist() == [65_536, 0]


def test_split_and_group_of_held_out_documents_are_carried(built):
    workspace, _, tokenizer, _ = built
    extra = {"split": [["validation", "test"]], "site": [["g", None]]}
    step = tokens_step(workspace, corpus_step(workspace, "h", [["one", "two"]], extra, "held_out"), tokenizer)
    index = read_part(workspace.path(step), 0)[1]
    assert index.column_names == ["id", "start", "end", "bytes", "split", "site"]
    assert index["split"].to_pylist() == ["validation", "test"] and index["site"].to_pylist() == ["g", None]


def test_batches_do_not_show(built, monkeypatch):
    workspace, _, _, step = built
    monkeypatch.setattr("maslin.curation.tokens.shards.BATCH_BYTES", 100)
    again = Step("tokens", "again", 1, {}, step.inputs)
    build_tokens(again, workspace, serial_map)
    entries = [workspace.manifest(each).files for each in (step, again)]
    assert entries[0] == entries[1]


EXTRA = "麦の穂 麦の穂 e\u0301e\u0301 \u3000\u3000 \n\n\n    def x():\n    return"
TRAINED = train([pa.array([*texts_of(50, 40), EXTRA])], 700, ["<|endoftext|>"])
TRAINED.encode_special_tokens = True
ENCODER = encoder_of(TRAINED)


@given(st.lists(st.text() | st.text(" \n\t\u00a0'sttreve麦e\u0301<|endoftext|>0١") , max_size=4))
@settings(deadline=None, max_examples=200)
def test_any_text_comes_back(texts):
    column = pa.chunked_array([pa.array(texts, pa.string())])
    if not texts:
        return
    ids, counts = ENCODER.encode(column, 0)
    assert counts.sum() == len(ids) and pc.sum(counts).as_py() == len(ids)
    for text, piece in zip(texts, np.split(ids, np.cumsum(counts)[:-1]), strict=True):
        assert piece[-1] == 0 and 0 not in piece[:-1]
        assert TRAINED.decode(piece[:-1].tolist(), skip_special_tokens=False) == text


def test_parts_of_a_corpus_by_duplicates_have_each_document_once(tmp_path):
    workspace = Workspace(tmp_path)
    parts, numbers = [texts_of(30, 20), [], texts_of(9, 20, 5)], [[k % 9 for k in range(30)], [], [0] * 9]
    corpus = corpus_step(workspace, "a", parts, numbers={"duplicates": numbers})
    tokenizer = tokenizer_step(workspace, [corpus])
    found, sizes = [], []
    for bounds in ([0, 0], [1, 3], [4, None]):
        step = Step("tokens", "part", 1, {"duplicates": bounds}, {"documents": corpus, "tokenizer": tokenizer})
        manifest = build_tokens(step, workspace, serial_map)
        counts = manifest.counted()
        ids = [id for part in range(3) for id in read_part(workspace.path(step), part)[1]["id"].to_pylist()]
        assert (counts.read, counts.kept) == (39, len(ids)) and counts.dropped_in_all == 39 - len(ids)
        assert set(counts.dropped) == {"duplicates"} and verify(workspace.path(step)) == []
        found.append(ids)
        sizes.append(manifest.sizes)
    whole = workspace.manifest(tokens_step(workspace, corpus, tokenizer))
    assert whole.counts is None
    every = [id for part in range(3) for id in read_table(
        workspace.path(corpus) / f"documents/part-{part:05d}.parquet", ["id"])["id"].to_pylist()]
    assert sorted(id for ids in found for id in ids) == sorted(every) and [len(ids) for ids in found] == [13, 11, 15]
    assert {key: sum(size[key] for size in sizes) for key in whole.sizes} == dict(whole.sizes)
