"""Ids are those of `tokenizers` for every text, and other people's tokenizers go to the encoder that is exact."""

import gzip
import json
import random
import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

from maslin.curation.tokens.bpe import encoding
from maslin.curation.tokens.bpe.encoder import KernelEncoder, LibraryEncoder, encoder_of
from tests.curation.tokens.bpe.peers import END, changed, trained
from tests.shared_data import golden, shared_data
from tests.token_steps import texts_of

EXTRA = [
    "麦の穂 麦の穂 e\u0301e\u0301 \u3000\u3000 \n\n\n    def x():\n    return aaaaaaa aaaaa aaa",
    "don't DON'T 'S 1234 12345 x = 5;"]
GPT_2_LIKE = trained([*texts_of(50, 40), *EXTRA * 3], 700)
LLAMA_3_LIKE = trained([*texts_of(50, 40), *EXTRA * 3], 700, llama_3=True)
WHOLE = changed(LLAMA_3_LIKE, ignore_merges=True, merges=json.loads(LLAMA_3_LIKE.to_str())["model"]["merges"][::2])
SHUFFLED = json.loads(GPT_2_LIKE.to_str())["model"]["merges"]
random.Random(0).shuffle(SHUFFLED)
PEERS = {
    "GPT-2's pattern": GPT_2_LIKE, "Llama 3's pattern": LLAMA_3_LIKE, "words that are tokens": WHOLE,
    "ranks in no order": changed(GPT_2_LIKE, merges=SHUFFLED),
}
ENCODERS = {name: encoder_of(tokenizer) for name, tokenizer in PEERS.items()}


def column(texts):
    return pa.chunked_array([pa.array(texts, pa.string())])


def check(name, texts, special=()):
    ids, counts = ENCODERS[name].encode(column(texts), 0, special)
    expected, of_each = LibraryEncoder(PEERS[name], "").encode(column(texts), 0, special)
    assert ids.tolist() == expected.tolist() and counts.tolist() == of_each.tolist()


def test_these_go_to_the_kernel():
    assert all(isinstance(encoder, KernelEncoder) for encoder in ENCODERS.values())


PARTS = st.sampled_from([*" ".join(EXTRA).split(), " ", "  ", "aaaaaaaaaaaaaaaa", "the", "=" * 70])
TEXTS = st.lists(
    st.text() | st.text(" \n\t\u00a0'sttreveaaéa麦の穂e\u0301<|endoftext|>0١", max_size=200)
    | st.lists(PARTS, max_size=40).map(" ".join), min_size=1, max_size=4)


@pytest.mark.parametrize("name", PEERS)
@settings(deadline=None, max_examples=150)
@given(texts=TEXTS)
def test_any_text(name, texts):
    check(name, texts)


@settings(deadline=None, max_examples=100)
@given(texts=TEXTS)
def test_names_of_special_tokens_are_tokens_where_asked(texts):
    check("GPT-2's pattern", [text.replace("e", END) for text in texts], [END])


def test_slices_of_a_table_and_empty_texts():
    texts = column(["", "one", "", "two three", "", "é"])
    ids, counts = ENCODERS["GPT-2's pattern"].encode(texts.slice(1, 4), 0)
    expected, of_each = LibraryEncoder(GPT_2_LIKE, "").encode(texts.slice(1, 4), 0)
    assert ids.tolist() == expected.tolist() and counts.tolist() == of_each.tolist()


@pytest.mark.parametrize("name", PEERS)
def test_long_words_and_ends_of_buffers(name):
    for length in (*range(1, 34), 63, 64, 65, 127, 128, 129, 1000):
        check(name, ["a" * length, "é" * length, " " * length, "=" * length + "a", "ab" * length + " "])


def test_a_full_memory_forgets_and_goes_on(monkeypatch):
    encoder = encoder_of(GPT_2_LIKE)
    table, tokens, pool, taken = encoder._memory
    encoder._memory = table[:4 << encoding.SET_BITS], tokens[:300], pool[:600], taken
    texts = column([" ".join(f"{word:x}{'-' * (word % 30)}{word * word}" for word in range(3000))])
    for _ in range(2):
        assert encoder.encode(texts, 0)[0].tolist() == LibraryEncoder(GPT_2_LIKE, "").encode(texts, 0)[0].tolist()
    assert taken[0] <= 300 and taken[1] <= 600


@pytest.mark.slow
@pytest.mark.parametrize("letters", ["ACGT", "a", "=-"])
def test_a_word_without_end_takes_as_long_as_its_length(letters):
    def seconds(length):
        text = column(["".join(random.Random(1).choices(letters, k=length))])
        began = time.process_time()
        encoder.encode(text, 0)
        return time.process_time() - began

    encoder = encoder_of(trained(["".join(random.Random(2).choices(letters, k=900)) for _ in range(20)], 1000))
    seconds(200)
    assert seconds(800_000) < 40 * max(0.02, seconds(100_000))  # the square is 64 times


OTHERS = {
    "normalizer": lambda content: content.update(normalizer=json.loads(normalizers.NFC().__getstate__())),
    "pattern": lambda content: content["pre_tokenizer"].update(add_prefix_space=True),
    "added tokens": lambda content: content["added_tokens"].append(
        content["added_tokens"][0] | {"id": 900, "content": "tok", "special": False}),
    "dropout": lambda content: content["model"].update(dropout=0.1),
    "byte_fallback": lambda content: content["model"].update(byte_fallback=True),
    "some bytes": lambda content: content["model"]["vocab"].pop("ÿ"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_other_tokenizers_go_to_the_library_which_is_said(what):
    content = json.loads(GPT_2_LIKE.to_str())
    OTHERS[what](content)
    encoder = encoder_of(Tokenizer.from_str(json.dumps(content)))
    assert isinstance(encoder, LibraryEncoder) and what in encoder.slow


def test_another_model_goes_to_the_library():
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 1}, "a"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([AddedToken(END, special=True)])
    encoder = encoder_of(tokenizer)
    assert "WordLevel" in encoder.slow and encoder.encode(column(["a b", "b"]), 2)[0].tolist() == [0, 1, 2, 1, 2]


def test_golden_texts_of_gpt_2():
    texts = [record["text"] for record in golden("gpt2_bpe")]
    for name in PEERS:
        check(name, texts)


@pytest.mark.slow
@pytest.mark.parametrize("path", [
    "books/alice-in-wonderland-11.txt.gz", "eval/wikitext-2-valid.txt.gz", "webtext/cc_en_head-0174.jsonl.gz",
    "instruct/seed-tasks.jsonl.gz", "eval/mbpp-task-1-to-510.jsonl.gz", "stackexchange/beer-Posts.xml.gz"])
def test_real_texts(path):
    with gzip.open(shared_data(path), "rt", encoding="utf-8") as file:
        text = file.read()[:1_000_000]
    for name in PEERS:
        check(name, [text[start : start + 50_000] for start in range(0, len(text), 50_000)])


@pytest.mark.slow
def test_declarations_in_hundreds_of_languages():
    import zipfile

    with zipfile.ZipFile(shared_data("langid-text/udhr2.zip")) as archive:
        texts = [archive.read(name).decode("utf-8") for name in archive.namelist() if name.endswith(".txt")]
    for name in PEERS:
        check(name, texts)


def test_ids_are_the_callers_to_keep():
    encoder = encoder_of(GPT_2_LIKE)
    first, _ = encoder.encode(column(["one two"]), 0)
    kept = first.copy()
    encoder.encode(column(["three four five"]), 0)
    assert np.array_equal(first, kept)
