"""Find the leftmost word of a list in lower-cased texts: a trie over UTF-8 bytes, read by a kernel.

It answers as `re.search` does for `(?:\\W|^)(w1|w2|...)(?:\\W|$)`, or for `w1|w2|...` when words need no boundaries:
the leftmost match, and of the words that match there the first in the list.
"""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from maslin.curation.text.utf8 import read_character
from maslin.manifests.kernels.kernel import njit

FOUND_NONE, MUST_LOWER = -1, -2


@dataclass(frozen=True)
class WordTrie:
    """`words` in their order, and the trie as flat arrays.

    `root` int32 (256): the child of the root by byte, 0 none. Node n has the edges [edges[n], edges[n + 1]) of `labels`
    (uint8) and `children` (int32). `rank` int32 (nodes): the smallest index of a word that ends here, or -1.
    """

    words: tuple[str, ...]
    bounded: bool
    root: np.ndarray
    edges: np.ndarray
    labels: np.ndarray
    children: np.ndarray
    rank: np.ndarray

    @classmethod
    def build(cls, words: tuple[str, ...], bounded: bool) -> "WordTrie":
        """A trie of non-empty words; `bounded`: only matches between non-word characters (or the text's ends) count.

        Words that lower() changes are left out: no lower-cased text has them.
        """
        nodes: list[dict[int, int]] = [{}]
        rank = [-1]
        for index, word in enumerate(words):
            if word != word.lower():
                continue
            node = 0
            for byte in word.encode():
                if byte not in nodes[node]:
                    nodes[node][byte] = len(nodes)
                    nodes.append({})
                    rank.append(-1)
                node = nodes[node][byte]
            if rank[node] < 0:
                rank[node] = index
        root = np.zeros(256, np.int32)
        for byte, child in nodes[0].items():
            root[byte] = child
        pairs = [sorted(node.items()) for node in nodes]
        flat = [pair for node in pairs for pair in node]
        return cls(
            words, bounded, root, np.cumsum([0, *map(len, pairs)]).astype(np.int32),
            np.array([byte for byte, _ in flat], np.uint8), np.array([child for _, child in flat], np.int32),
            np.array(rank, np.int32),
        )

    def search(self, data: np.ndarray, offsets: np.ndarray, rows: np.ndarray, texts) -> np.ndarray:
        """int32 (rows): the index of the word found in each of these documents of a batch, or FOUND_NONE.

        `texts(row)` gives a document as str; it is asked only for those with upper case letters beyond ASCII.
        """
        word_bits, upper_bits = _character_bits()
        arrays = (self.root, self.edges, self.labels, self.children, self.rank, self.bounded, word_bits)
        found = _search(data, offsets[rows], offsets[rows + 1], *arrays, upper_bits)
        ask = np.flatnonzero(found == MUST_LOWER)
        if len(ask):
            lowered = [texts(rows[index]).lower().encode() for index in ask]
            ends = np.cumsum([0, *map(len, lowered)]).astype(np.int64)
            flat = np.frombuffer(b"".join(lowered), np.uint8)
            found[ask] = _search(flat, ends[:-1], ends[1:], *arrays, np.zeros_like(upper_bits))
        return found


@cache
def _character_bits() -> tuple[np.ndarray, np.ndarray]:
    """Two sets of code points as bits, 8 a byte: word characters as `re` sees them; non-ASCII that lower() changes."""
    codes = np.arange(0x110000, dtype=np.uint32)
    codes[0xD800:0xE000] = 0x20  # surrogates are not in texts
    every = codes.astype("<u4").tobytes().decode("utf-32-le")
    word, upper = np.zeros(len(every), bool), np.zeros(len(every), bool)
    for match in re.finditer(r"\w+", every):
        word[match.start() : match.end()] = True
    for start in range(0x80, len(every), 0x80):
        block = every[start : start + 0x80]
        if block.lower() != block:
            upper[start : start + 0x80] = [character.lower() != character for character in block]
    return np.packbits(word, bitorder="little"), np.packbits(upper, bitorder="little")


@njit(cache=True)
def _search(data, starts, ends, root, edges, labels, children, rank, bounded, word_bits, upper_bits):
    found = np.empty(len(starts), np.int32)
    for row in range(len(starts)):
        found[row] = _search_one(
            data, starts[row], ends[row], root, edges, labels, children, rank, bounded, word_bits, upper_bits
        )
    return found


@njit(cache=True)
def _search_one(data, start, end, root, edges, labels, children, rank, bounded, word_bits, upper_bits):
    position = start
    after_word = False  # whether the character before is a word character that forbids a match here
    while position < end:
        code, length = read_character(data, position)
        if length > 1 and upper_bits[code >> 3] >> (code & 7) & 1:
            return MUST_LOWER
        word_character = word_bits[code >> 3] >> (code & 7) & 1
        if not after_word and root[_lower(data[position])]:
            found = _walk(data, position, end, root, edges, labels, children, rank, bounded, word_bits)
            if found != FOUND_NONE:
                if bounded and position == start and not word_character and start + length < end:
                    # `\W` is tried before `^`: a word after a leading non-word character comes first.
                    second = _walk(data, start + length, end, root, edges, labels, children, rank, bounded, word_bits)
                    return found if second == FOUND_NONE else second
                return found
        after_word = bounded and word_character
        position += length
    return FOUND_NONE


@njit(cache=True)
def _lower(byte):
    return byte + 32 if 0x41 <= byte <= 0x5A else byte


@njit(cache=True)
def _walk(data, start, end, root, edges, labels, children, rank, bounded, word_bits):
    """The smallest rank of a word that begins at `start`, or FOUND_NONE."""
    best = FOUND_NONE
    node = root[_lower(data[start])]
    position = start + 1
    while node:
        if rank[node] >= 0 and (best == FOUND_NONE or rank[node] < best):
            if not bounded or position == end:
                best = rank[node]
            else:
                code, _ = read_character(data, position)
                if not word_bits[code >> 3] >> (code & 7) & 1:
                    best = rank[node]
        if position == end:
            break
        byte = _lower(data[position])
        following = 0
        for edge in range(edges[node], edges[node + 1]):
            if labels[edge] == byte:
                following = children[edge]
                break
        node = following
        position += 1
    return best
