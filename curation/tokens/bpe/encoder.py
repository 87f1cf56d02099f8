"""Encoders of texts by a tokenizer: the kernel for byte-level BPE, the library `tokenizers` for all others.

Both give the same ids for the same tokenizer; the kernel takes a twentieth of the time or less.
"""

import json
import re
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from maslin.curation.text.buffers import bytes_and_offsets
from maslin.curation.tokens.bpe.alphabet import BYTE_CHARACTERS, read
from maslin.curation.tokens.bpe.encoding import INLINE_TOKENS, encode_pieces, new_memory, whole_words
from maslin.curation.tokens.bpe.merging import NONE, merge_table
from maslin.curation.tokens.bpe.words import GPT_2, PATTERNS

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Encoder(Protocol):
    """What encodes texts."""

    slow: str  # why it is not the kernel; empty for the kernel

    def encode(
        self, texts: pa.ChunkedArray, end_of_text: int, special: Sequence[str] = (),
    ) -> tuple[np.ndarray, np.ndarray]:
        """Ids of all texts one after another, uint32, each text followed by `end_of_text`; and ids of each, int64.

        The names of tokens in `special` are these tokens, wherever they stand in a text; all other names are text.
        """


def encoder_of(tokenizer: "Tokenizer") -> Encoder:
    """The kernel if it gives the tokenizer's ids for every text, else the library.

    The tokenizer must take the names of special tokens for text (`encode_special_tokens`).
    """
    content = json.loads(tokenizer.to_str())
    why = _not_for_the_kernel(content)
    return LibraryEncoder(tokenizer, why) if why else KernelEncoder(content)


def _not_for_the_kernel(content: Mapping[str, Any]) -> str:
    """What a tokenizer.json has that the kernel does not do; empty for one that it does."""
    model = content["model"]
    if model["type"] != "BPE":
        return f"its model is {model['type']}"
    if content["normalizer"] is not None:
        return "it has a normalizer"
    if _pattern(content["pre_tokenizer"]) is None:
        return "it splits words by another pattern than GPT-2's and Llama 3's"
    if any(not token["special"] for token in content["added_tokens"]):
        return "it has added tokens that are not special"
    for option in ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"):
        if model.get(option):
            return f"its model has {option}"
    vocabulary = model["vocab"]
    if not vocabulary.keys() >= set(BYTE_CHARACTERS.values()):
        return "some bytes have no token"
    if len(set(vocabulary.values())) < len(vocabulary):
        return "two tokens have one id"
    return ""


def _pattern(pre_tokenizer: Mapping[str, Any] | None) -> int | None:
    """How words are split, None for another way than the kernel's."""
    steps = [pre_tokenizer or {}]
    if steps[0].get("type") == "Sequence":
        steps = list(steps[0]["pretokenizers"])
    if steps[-1].get("type") != "ByteLevel" or steps[-1]["add_prefix_space"]:
        return None
    if len(steps) == 1 and steps[0].get("use_regex", True):
        return GPT_2
    if len(steps) == 2 and not steps[1].get("use_regex", True):
        split = steps[0]
        if split["type"] == "Split" and split["behavior"] == "Isolated" and not split["invert"]:
            return PATTERNS.get(split["pattern"].get("Regex"))
    return None


class KernelEncoder:
    """Byte-level BPE in a kernel, with a memory of the words met (encoding.py)."""

    slow = ""

    def __init__(self, content: Mapping[str, Any]) -> None:
        model = content["model"]
        vocabulary = model["vocab"]
        pattern = _pattern(content["pre_tokenizer"])
        assert pattern is not None
        self._pattern = pattern
        self._names = vocabulary | {token["content"]: token["id"] for token in content["added_tokens"]}
        merges = {
            (vocabulary[left], vocabulary[right]): (rank, vocabulary[left + right])
            for rank, (left, right) in enumerate(model["merges"])}
        byte_tokens = np.array([vocabulary[BYTE_CHARACTERS[byte]] for byte in range(256)], np.int64)
        whole = {read(token): id for token, id in vocabulary.items()} if model.get("ignore_merges") else {}
        whole.pop(None, None)
        whole.pop(b"", None)
        self._model = (byte_tokens, _byte_pairs(byte_tokens, merges), merge_table(merges), *_whole_words(whole))
        self._memory = new_memory()
        self._room = np.empty(0, np.uint32)  # for the ids of the largest batch so far
        self._lock = Lock()

    def encode(
        self, texts: pa.ChunkedArray, end_of_text: int, special: Sequence[str] = (),
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `Encoder.encode`."""
        data, offsets = bytes_and_offsets(texts)
        starts, ends, closing, last = offsets[:-1], offsets[1:], np.full(len(texts), end_of_text), None
        if special:
            starts, ends, closing, last = self._pieces(data, offsets, end_of_text, special)
        room, counts = int(offsets[-1] - offsets[0]) + len(starts) + INLINE_TOKENS, np.empty(len(starts), np.int64)
        with self._lock:
            if len(self._room) < room:
                self._room = np.empty(room, np.uint32)
            number = encode_pieces(
                data, starts, ends, closing, self._pattern, self._model, self._memory, self._room, counts)
            ids = self._room[:number].copy()
        return ids, counts if last is None else np.diff(np.cumsum(counts)[last], prepend=0)

    def _pieces(
        self, data: np.ndarray, offsets: np.ndarray, end_of_text: int, special: Sequence[str],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Starts, ends and closing tokens of the pieces between names, and which is the last one of each text."""
        names = re.compile(b"|".join(re.escape(name.encode()) for name in special))
        ids = {name.encode(): self._names[name] for name in special}
        starts, ends, closing, last = [], [], [], []
        for begin, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
            first = begin
            for match in names.finditer(data[first:end]):
                starts.append(begin)
                ends.append(first + match.start())
                closing.append(ids[bytes(match[0])])
                begin = first + match.end()
            starts.append(begin)
            ends.append(end)
            closing.append(end_of_text)
            last.append(len(starts) - 1)
        return (*(np.array(part, np.int64) for part in (starts, ends, closing, last)),)


def _byte_pairs(byte_tokens: np.ndarray, merges: Mapping[tuple[int, int], tuple[int, int]]) -> np.ndarray:
    """uint64 (65536): what becomes of two bytes, as merging.merge_of says it."""
    pairs, byte_of = np.full(1 << 16, NONE, np.uint64), {int(token): byte for byte, token in enumerate(byte_tokens)}
    for (left, right), (rank, token) in merges.items():
        if left in byte_of and right in byte_of:
            pairs[byte_of[left] << 8 | byte_of[right]] = rank << 32 | token
    return pairs


def _whole_words(words: Mapping[bytes, int]) -> tuple[np.ndarray, np.ndarray]:
    """Words that are a token whatever their merges, by hash, and their bytes."""
    data = np.frombuffer(b"".join(words) or b"\0", np.uint8)
    offsets = np.cumsum([0, *map(len, words)])
    return whole_words(data, offsets, np.array([*words.values()], np.int64)), data


class LibraryEncoder:
    """Any tokenizer, by the library `tokenizers`."""

    def __init__(self, tokenizer: "Tokenizer", slow: str) -> None:
        self.slow = slow
        self._tokenizer = tokenizer

    def encode(
        self, texts: pa.ChunkedArray, end_of_text: int, special: Sequence[str] = (),
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `Encoder.encode`."""
        ids = self._ids(texts.to_pylist(), special)
        pieces = [np.array([*text, end_of_text], np.uint32) for text in ids]
        return np.concatenate(pieces), np.array([len(piece) for piece in pieces], np.int64)

    def _ids(self, texts: list[str], special: Sequence[str]) -> list[list[int]]:
        """Ids of each text."""
        encode = self._tokenizer.encode_batch_fast
        if not special:
            return [encoding.ids for encoding in encode(texts, add_special_tokens=False)]
        names = re.compile(f"({'|'.join(map(re.escape, special))})")  # split keeps them: every other piece is one
        split = [names.split(text) for text in texts]
        plain = encode([piece for pieces in split for piece in pieces[::2]], add_special_tokens=False)
        encoded, number = iter(plain), {name: self._tokenizer.token_to_id(name) for name in special}
        return [
            [id for index, piece in enumerate(pieces) for id in ([number[piece]] if index % 2 else next(encoded).ids)]
            for pieces in split
        ]
