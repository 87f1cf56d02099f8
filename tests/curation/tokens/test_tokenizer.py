"""Training a tokenizer, taking over one of one's own, and both libraries that load it."""

import json

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tokenizers import Tokenizer, normalizers

from maslin.curation.tokens.tokenizer import (
    END_OF_TEXT,
    ROUND_TRIP_TEXTS,
    build_tokenizer,
    check_tokenizer_file,
    load_tokenizer,
    sample_texts,
)
from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.files import checksum
from maslin.manifests.identity import hash_int
from maslin.manifests.workspace import Step, Workspace, serial_map, verify
from tests.shared_data import golden
from tests.token_steps import corpus_step, texts_of, tokenizer_step


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def tokenizer(workspace):
    return tokenizer_step(workspace, [corpus_step(workspace, "a", [texts_of(40, 30)])])


def paths(workspace, step):
    return sorted((workspace.path(step) / "documents").iterdir())


@pytest.mark.slow
def test_a_folder_that_both_libraries_load(workspace, tokenizer):
    transformers = pytest.importorskip("transformers")
    directory = workspace.path(tokenizer)
    text = "They'll mill 2024 grains,\n\n  isn't it? 麦"
    ids = Tokenizer.from_file(str(directory / "tokenizer.json")).encode(text).ids
    for load in (transformers.AutoTokenizer, transformers.PreTrainedTokenizerFast):
        loaded = load.from_pretrained(directory)
        assert loaded.encode(text) == ids and loaded.decode(ids) == text
        assert loaded.eos_token_id == workspace.manifest(tokenizer).summary["end_of_text"]
        assert len(loaded) == workspace.manifest(tokenizer).summary["vocab_size"]


def test_manifest_says_what_there_is(workspace, tokenizer):
    manifest = workspace.manifest(tokenizer)
    assert manifest.summary["vocab_size"] == 330 == manifest.summary["vocab_size_asked"]
    assert manifest.summary["end_of_text_token"] == END_OF_TEXT
    assert manifest.summary["sample"]["a"]["documents"] == 40
    assert not verify(workspace.path(tokenizer))


def test_a_small_sample_gives_the_merges_it_has(workspace):
    step = tokenizer_step(workspace, [corpus_step(workspace, "a", [["abab abab"]])], vocab_size=5000)
    summary = workspace.manifest(step).summary
    assert 257 < summary["vocab_size"] < 270 and summary["vocab_size_asked"] == 5000


def test_no_text_is_an_error(workspace):
    with pytest.raises(DataError, match="no text"):
        tokenizer_step(workspace, [corpus_step(workspace, "a", [[]])])


@pytest.mark.parametrize("text", ROUND_TRIP_TEXTS)
def test_every_text_comes_back(workspace, tokenizer, text):
    loaded = load_tokenizer(workspace.path(tokenizer))
    assert loaded.decode(loaded.encode(text).ids, skip_special_tokens=False) == text


def test_sample_is_in_order_of_hash_and_cut_at_the_share(workspace):
    texts = texts_of(50, 20)
    step = corpus_step(workspace, "a", [texts[:30], texts[30:]])
    table = pa.concat_tables(pa.parquet.read_table(path) for path in paths(workspace, step))
    expected = "".join(
        text for _, text in sorted(
            (hash_int(0, "tokenizer", id), text)
            for id, text in zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True)))
    for share in (1, 200, 1000, 1001, 1002):
        sample = "".join(sample_texts(paths(workspace, step), share).to_pylist()).encode()
        assert share - 3 < len(sample) <= share and expected.encode().startswith(sample)
    assert "".join(sample_texts(paths(workspace, step), 10**9).to_pylist()) == expected


def test_each_corpus_has_the_same_share(workspace):
    corpora = [corpus_step(workspace, name, [texts_of(40, words)]) for name, words in (("a", 10), ("b", 60))]
    sample = workspace.manifest(tokenizer_step(workspace, corpora, sample_bytes=3000)).summary["sample"]
    assert all(1497 < part["bytes"] <= 1500 for part in sample.values())


def file_step(workspace, path):
    step = Step("tokenizer", "mine", 1, {"kind": "file"}, {"file": checksum(path)})
    return build_tokenizer(step, workspace, serial_map, path=path), step


def test_a_file_of_ones_own_is_copied(workspace, tokenizer, tmp_path):
    path = workspace.path(tokenizer) / "tokenizer.json"
    manifest, step = file_step(workspace, path)
    assert (workspace.path(step) / "tokenizer.json").read_bytes() == path.read_bytes()
    assert manifest.summary["vocab_size"] == 330 and manifest.summary["end_of_text"] == 0


def changed(workspace, tokenizer, tmp_path, change):
    path = tmp_path / "tokenizer.json"
    content = json.loads((workspace.path(tokenizer) / "tokenizer.json").read_text())
    change(content)
    path.write_text(json.dumps(content))
    return path


def test_a_file_without_end_of_text_is_refused(workspace, tokenizer, tmp_path):
    with pytest.raises(UsageError, match="no end-of-text"):
        check_tokenizer_file(changed(workspace, tokenizer, tmp_path, lambda content: content.update(added_tokens=[])))


def test_a_file_that_changes_text_is_refused(workspace, tokenizer, tmp_path):
    lower = json.loads(normalizers.NFC().__getstate__())
    with pytest.raises(UsageError, match="does not give text back"):
        check_tokenizer_file(changed(workspace, tokenizer, tmp_path, lambda content: content.update(normalizer=lower)))


def test_a_file_with_truncation_is_read_without(workspace, tokenizer, tmp_path):
    cut = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    path = changed(workspace, tokenizer, tmp_path, lambda content: content.update(truncation=cut))
    assert len(check_tokenizer_file(path)[0].encode("one two three four five six").ids) > 4


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"[1, 2]"])
def test_what_is_no_tokenizer_is_refused(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(UsageError, match="not a tokenizer"):
        check_tokenizer_file(tmp_path / "x.json")


def test_a_file_that_changed_since_planning_is_refused(workspace, tokenizer):
    step = Step("tokenizer", "mine", 1, {"kind": "file"}, {"file": "0" * 32})
    with pytest.raises(UsageError, match="has changed"):
        build_tokenizer(step, workspace, serial_map, path=workspace.path(tokenizer) / "tokenizer.json")


def test_words_are_split_as_gpt_2_does(workspace, tokenizer):
    """Golden ids come from GPT-2's own vocabulary: no token of theirs may cross the end of a word of ours."""
    pre_tokenizer = load_tokenizer(workspace.path(tokenizer)).pre_tokenizer
    records = [record for record in golden("gpt2_bpe") if record.get("tokens")]
    assert len(records) > 50
    for record in records:
        words = [len(word) for word, _ in pre_tokenizer.pre_tokenize_str(record["text"])]  # a character a byte
        ends = set(pc.cumulative_sum(pa.array([len(token) // 2 for token in record["tokens"]])).to_pylist())
        assert set(pc.cumulative_sum(pa.array(words)).to_pylist()) <= ends, record["text"]
