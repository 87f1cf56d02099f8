"""fastText's lid.176 in a kernel: the label and probability that its own `predict` gives, about five times as fast.

A text is split at ASCII white space and NUL; a word gives its own row, when it is in the vocabulary, and the rows of
the 2- to 4-grams of characters of `<word>` (FNV-1a hashes into 2,000,000 buckets, of which 42,765 are left after
pruning). The mean of all rows, with that of the end of the line, goes through a Huffman tree of logistic nodes. Sums
are made in the order and precision of fastText 0.9.2, so that results are equal to the bit.

Sources: Joulin et al., "Bag of Tricks for Efficient Text Classification", 2016, and "FastText.zip", 2016; fastText
0.9.2: `dictionary.cc`, `loss.cc`, `productquantizer.cc`.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numba import uint64

from maslin.curation.text.hash_table import constant_table, look_up, slot_of
from maslin.manifests.kernels.kernel import njit

BUCKETS = 2_000_000
_DIMENSION = 16
_MIN_CHARACTERS, _MAX_CHARACTERS = 2, 4
_CACHE_SLOTS, _CACHE_ROWS = 1 << 17, 1 << 20  # of words met before in the same batch
_WAITING = 4096  # rows that are added together, or a word's more
_SHORT = 7  # bytes of a word that its key in the cache holds; of longer ones it is a hash, with the highest bit set
_LONG_FACTOR = uint64(0x9E3779B97F4A7C15)
_FNV_START, _FNV_PRIME = 2166136261, 16777619
_END, _LABEL = b"</s>", b"__label__"
_END_BYTES, _LABEL_BYTES = np.frombuffer(_END, np.uint8), np.frombuffer(_LABEL, np.uint8)


@dataclass(frozen=True)
class Model:
    """The model as flat arrays.

    `labels` by leaf. `rows` float32 (words + buckets left, 16). `row_of_bucket` int32 (BUCKETS): -1 where pruned;
    `bucket_bits` tells the same in bits, which fit the cache. The vocabulary: word i is bytes [word_offsets[i],
    word_offsets[i + 1]) of `word_bytes`; `keys`, `indexes`: a table (hash_table) from `_key` of a word to i; the first
    `words` are no labels. The tree: inner node n has the weights `nodes[n]` and the children `left[n]`, `right[n]`:
    leaves below len(labels), inner nodes from there on.
    """

    labels: tuple[str, ...]
    words: int
    rows: np.ndarray
    row_of_bucket: np.ndarray
    bucket_bits: np.ndarray
    word_bytes: np.ndarray
    word_offsets: np.ndarray
    keys: np.ndarray
    indexes: np.ndarray
    nodes: np.ndarray
    left: np.ndarray
    right: np.ndarray

    def identify(self, data: np.ndarray, offsets: np.ndarray) -> tuple[list[str], np.ndarray]:
        """The most probable label (without its prefix) and its probability, float32, of each text in a flat buffer."""
        leaves, probability = _identify(
            data, offsets, self.words, self.rows, self.row_of_bucket, self.bucket_bits, self.word_bytes,
            self.word_offsets, self.keys, self.indexes, self.nodes, self.left, self.right,
        )
        return [self.labels[leaf] for leaf in leaves.tolist()], probability


class _Reader:
    """Reads fastText's binary format from the front."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0

    def values(self, form: str) -> tuple:
        values = struct.unpack_from("<" + form, self.data, self.position)
        self.position += struct.calcsize("<" + form)
        return values

    def array(self, kind: type, number: int) -> np.ndarray:
        array = np.frombuffer(self.data, kind, number, self.position)
        self.position += array.nbytes
        return array

    def string(self) -> bytes:
        end = self.data.index(b"\0", self.position)
        string, self.position = self.data[self.position : end], end + 1
        return string


def load(path: Path) -> Model:
    """Read lid.176.ftz. Raises ValueError for a fastText model of another make."""
    reader = _Reader(path.read_bytes())
    magic, version, dimension, *_, loss, kind, buckets, shortest, longest, _ = reader.values("14i")
    reader.values("d")
    if (magic, version, dimension, loss, kind, buckets, shortest, longest) != (
        793712314, 12, _DIMENSION, 1, 3, BUCKETS, _MIN_CHARACTERS, _MAX_CHARACTERS
    ):
        raise ValueError(f"{path}: not the fastText model lid.176.ftz")
    size, words, number_labels, _, pruned = reader.values("3i2q")
    entries = [(reader.string(), *reader.values("qb")) for _ in range(size)]
    row_of_bucket = np.full(BUCKETS, -1, np.int32)
    kept = reader.array(np.int32, 2 * pruned).reshape(-1, 2)
    row_of_bucket[kept[:, 0]] = words + kept[:, 1]
    (quantised,) = reader.values("?")
    rows = _read_quantised(reader)
    (output_quantised,) = reader.values("?")
    height, width = reader.values("2q")
    vocabulary = [word for word, _, _ in entries]
    word_bytes = np.frombuffer(b"".join(vocabulary), np.uint8)
    word_offsets = np.cumsum([0, *map(len, vocabulary)])
    numbers = {key: number for number, key in enumerate(_keys(word_bytes, word_offsets).tolist())}
    shape = height, width, len(numbers)  # no two words have one key
    if not quantised or output_quantised or shape != (number_labels, _DIMENSION, size) or vocabulary[0] != _END:
        raise ValueError(f"{path}: not the fastText model lid.176.ftz")
    nodes = reader.array(np.float32, height * width).reshape(height, width)
    left, right = _huffman([count for _, count, is_label in entries if is_label])
    return Model(
        tuple(word.removeprefix(_LABEL).decode() for word in vocabulary[words:]), words, rows, row_of_bucket,
        np.packbits(row_of_bucket >= 0, bitorder="little"), word_bytes, word_offsets, *constant_table(numbers),
        nodes[: number_labels - 1].copy(), left, right,
    )


def _read_quantised(reader: _Reader) -> np.ndarray:
    """A product-quantised matrix with quantised norms, written out: each row is its norm times its centroids."""
    (normed,) = reader.values("?")
    height, width = reader.values("2q")
    (code_bytes,) = reader.values("i")
    codes = reader.array(np.uint8, code_bytes).reshape(height, -1)
    centroids = _read_centroids(reader)
    rows = np.concatenate([centroids[part][codes[:, part]] for part in range(codes.shape[1])], axis=1)
    if normed:
        norm_codes = reader.array(np.uint8, height)
        rows = rows * _read_centroids(reader)[0][norm_codes]
    assert rows.shape == (height, width) and rows.dtype == np.float32
    return np.ascontiguousarray(rows)


def _read_centroids(reader: _Reader) -> np.ndarray:
    """float32 (parts, 256, values of a part); all parts are equally long in this model."""
    width, parts, part_width, last_width = reader.values("4i")
    assert part_width == last_width == width // parts
    return reader.array(np.float32, width * 256).reshape(parts, 256, part_width)


def _huffman(counts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Children (int32) of the inner nodes of fastText's Huffman tree over labels sorted by falling count."""
    leaves = len(counts)
    counts = counts + [10**15] * (leaves - 1)
    left, right = np.empty(leaves - 1, np.int32), np.empty(leaves - 1, np.int32)
    leaf, node = leaves - 1, leaves
    for inner in range(leaves - 1):
        pair = []
        for _ in range(2):
            if leaf >= 0 and counts[leaf] < counts[node]:
                pair.append(leaf)
                leaf -= 1
            else:
                pair.append(node)
                node += 1
        left[inner], right[inner] = pair
        counts[leaves + inner] = counts[pair[0]] + counts[pair[1]]
    return left, right


@njit(cache=True)
def _step(value, byte):
    """One byte of FNV-1a, as a signed character: fastText's hash."""
    if byte >= 0x80:
        value ^= np.uint32(0xFFFFFF00)
    return np.uint32((value ^ np.uint32(byte)) * np.uint32(_FNV_PRIME))


@njit(cache=True)
def _identify(
    data, offsets, words, rows, row_of_bucket, bucket_bits, word_bytes, word_offsets, keys, indexes, nodes, left, right
):
    number = len(offsets) - 1
    leaves, probability = np.empty(number, np.int32), np.empty(number, np.float32)
    longest = 0
    for text in range(number):
        longest = max(longest, offsets[text + 1] - offsets[text])
    word = np.empty(longest + 2, np.uint8)  # "<word>"
    found = np.empty(_WAITING + 3 * (longest + 2) + 1, np.int32)  # rows that are still to be added
    # Words met before, by slot, of one key the first: where they stand in `data`, and their rows in `pool`.
    met, cached = np.zeros(_CACHE_SLOTS, np.uint64), np.empty((_CACHE_SLOTS, 2), np.int64)
    pool, pooled, taken = np.empty(_CACHE_ROWS, np.int32), 0, 0
    for text in range(number):
        total = np.zeros(_DIMENSION, np.float32)
        used = waiting = 0
        position, end = offsets[text], offsets[text + 1]
        while True:
            while position < end and _separates(data[position]):
                position += 1
            start, key = position, uint64(0)
            while position < end and position < start + _SHORT and not _separates(data[position]):
                key = key << uint64(8) | uint64(data[position])
                position += 1
            is_short = position == end or _separates(data[position])
            if is_short:
                key |= uint64(position - start) << uint64(56)
            else:
                while position < end and not _separates(data[position]):
                    key = (key ^ uint64(data[position])) * _LONG_FACTOR
                    position += 1
                key |= uint64(1) << uint64(63)
            length = position - start
            if length == 0 or (length == len(_END_BYTES) and _same(data, start, _END_BYTES, 0, length)):
                found[waiting] = 0  # the end of the line, the first word of the vocabulary
                _add(total, rows, found, waiting + 1)
                used += waiting + 1
                break
            slot = slot_of(met, uint64(_CACHE_SLOTS - 1), key)
            if met[slot] and (is_short or _same(data, cached[slot, 0] >> 32, data, start, length)):
                begin = cached[slot, 1]
                for index in range(cached[slot, 0] & 0xFFFFFFFF):
                    found[waiting] = pool[begin + index]
                    waiting += 1
            else:
                word[0], word[length + 1] = 0x3C, 0x3E
                word[1:length + 1] = data[start:position]
                count = _rows_of(word, length, words, row_of_bucket, bucket_bits, word_bytes, word_offsets, keys,
                                 indexes, found[waiting:])
                if met[slot] == 0 and 2 * taken < _CACHE_SLOTS and pooled + count <= _CACHE_ROWS:
                    met[slot], cached[slot, 0], cached[slot, 1] = key, start << 32 | count, pooled
                    pool[pooled:pooled + count] = found[waiting:waiting + count]
                    pooled += count
                    taken += 1
                waiting += count
            if waiting >= _WAITING:
                _add(total, rows, found, waiting)
                used += waiting
                waiting = 0
        total *= np.float32(1.0 / used)
        leaves[text], probability[text] = _best(total, nodes, left, right)
    return leaves, probability


@njit(cache=True)
def _rows_of(word, length, words, row_of_bucket, bucket_bits, word_bytes, word_offsets, keys, indexes, found):
    """Write the rows of word[1 : length + 1] to `found`, in fastText's order: the word's own, then those of the n-grams
    of word[: length + 2]; returns how many."""
    hashed = np.uint32(_FNV_START)
    for position in range(1, length + 1):
        hashed = _step(hashed, word[position])
    index = _find(word, length, hashed, word_bytes, word_offsets, keys, indexes)
    if index >= words:
        return 0
    if index < 0 and length >= len(_LABEL_BYTES) and _same(word, 1, _LABEL_BYTES, 0, len(_LABEL_BYTES)):
        return 0
    count = 0
    if index >= 0:
        found[0], count = index, 1
    first = count
    for start in range(length + 2):
        if word[start] & 0xC0 == 0x80:
            continue
        value, position, characters = np.uint32(_FNV_START), start, 0
        while characters < _MAX_CHARACTERS and position < length + 2:
            value = _step(value, word[position])
            position += 1
            if position < length + 2 and word[position] & 0xC0 == 0x80:
                continue
            characters += 1
            if characters >= _MIN_CHARACTERS:
                bucket = uint64(value) % uint64(BUCKETS)
                found[count] = bucket
                # Where it is pruned, the next one is written over it.
                count += bucket_bits[bucket >> uint64(3)] >> (bucket & uint64(7)) & 1
    for place in range(first, count):
        found[place] = row_of_bucket[found[place]]
    return count


@njit(cache=True)
def _separates(byte):
    return byte <= 0x20 and (byte == 0x20 or 0x09 <= byte <= 0x0D or byte == 0)


@njit(cache=True)
def _add(total, rows, found, number):
    """Add the first so many of the rows found, one after the other."""
    for place in range(number):
        row = found[place]
        for index in range(_DIMENSION):
            total[index] += rows[row, index]


@njit(cache=True)
def _key(hashed, length, first):
    """uint64: a word's key in tables: its length, and its hash with its first byte (two words of the vocabulary have
    one hash). Other words may have it too, so that what is found is compared byte by byte."""
    return uint64(length) << uint64(32) | uint64(hashed) ^ uint64(first) << uint64(24)


@njit(cache=True)
def _keys(word_bytes, word_offsets):
    """uint64 (words): the keys of words that lie one behind the other; none is empty."""
    keys = np.empty(len(word_offsets) - 1, np.uint64)
    for word in range(len(keys)):
        value = np.uint32(_FNV_START)
        for position in range(word_offsets[word], word_offsets[word + 1]):
            value = _step(value, word_bytes[position])
        keys[word] = _key(value, word_offsets[word + 1] - word_offsets[word], word_bytes[word_offsets[word]])
    return keys


@njit(cache=True)
def _find(word, length, hashed, word_bytes, word_offsets, keys, indexes):
    """The index in the vocabulary of word[1 : length + 1], or -1."""
    index = look_up(keys, indexes, _key(hashed, length, word[1]))
    return index if index >= 0 and _same(word_bytes, word_offsets[index], word, 1, length) else np.int64(-1)


@njit(cache=True)
def _same(first, first_start, second, second_start, length):
    index = 0
    while index < length and first[first_start + index] == second[second_start + index]:
        index += 1
    return index == length


@njit(cache=True)
def _best(hidden, nodes, left, right):
    """(leaf, probability) of the most probable leaf, every step in float32 as in fastText."""
    leaves = len(nodes) + 1
    score = np.zeros(2 * leaves - 1, np.float32)
    for inner in range(leaves - 2, -1, -1):
        value = np.float32(0)
        for index in range(_DIMENSION):
            value += nodes[inner, index] * hidden[index]
        value = np.float32(1.0 / np.float64(np.float32(1) + math.exp(-value)))
        score[left[inner]] = score[leaves + inner] + _log(np.float32(1.0 - np.float64(value)))
        score[right[inner]] = score[leaves + inner] + _log(value)
    best = np.argmax(score[:leaves])
    return best, math.exp(score[best])


@njit(cache=True)
def _log(value):
    return np.float32(math.log(np.float64(value) + 1e-5))
