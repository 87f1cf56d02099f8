"""Windows of words as hashes, and an anchor in each, for kernels.

The anchor of a window is the part of it with the smallest hash, so that equal windows have equal anchors at the same
place: who has no repeated anchor has no repeated window. That is winnowing (Schleimer, Wilkerson, Aiken, SIGMOD 2003):
in ordinary text one word in 14 begins an anchor, of windows of 50 words.
"""

import numpy as np

from maslin.curation.dedup.words import Words
from maslin.curation.text.text_hash import hash_bytes, mix
from maslin.manifests.kernels.kernel import njit

_BASE = np.uint64(0x9E3779B97F4A7C15)
_OTHER_BASE = np.uint64(0xD1342543DE82EF95)
_OTHER = np.uint64(0xA0761D6478BD642F)


class Windows:
    """Every `size` consecutive words of documents."""

    def __init__(self, words: Words, size: int) -> None:
        self._documents, self._size = words.documents, size
        self._part = (size + 1) // 2
        self._high, self._low = _prefixes(words.data, words.starts, int(words.documents[-1]))
        # int64 (words): where in `words` the anchor of the window begins that begins here, -1 where none does
        self.anchors = _anchors(self._high, words.documents, size, self._part, _power(_BASE, self._part))

    def distinct_anchors(self) -> tuple[np.ndarray, np.ndarray]:
        """(places int64, hashes uint64): where in the words anchors begin, ascending, each once."""
        every = self.anchors[self.anchors >= 0]
        places = every[np.append(True, every[1:] != every[:-1])] if len(every) else every
        return places, _hashes(self._high, _BASE, places, self._part)

    def hashes(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Two uint64 of each window that begins at one of these places in the words."""
        return (_hashes(self._high, _BASE, places, self._size),
                _hashes(self._low, _OTHER_BASE, places, self._size))


def _power(base: np.uint64, exponent: int) -> np.uint64:
    return np.uint64(pow(int(base), exponent, 1 << 64))


def _hashes(prefixes: np.ndarray, base: np.uint64, places: np.ndarray, size: int) -> np.ndarray:
    return mix.py_func(prefixes[places + size] - prefixes[places] * _power(base, size))


@njit(cache=True)
def _prefixes(data, starts, words):
    """uint64 (words + 1), twice: polynomials of the hashes of the words before each."""
    high, low = np.zeros(words + 1, np.uint64), np.zeros(words + 1, np.uint64)
    for word in range(words):
        hashed = mix(hash_bytes(data, starts[word], starts[word + 1] - 1))
        high[word + 1] = high[word] * _BASE + hashed
        low[word + 1] = low[word] * _OTHER_BASE + mix(hashed ^ _OTHER)
    return high, low


@njit(cache=True)
def _anchors(prefixes, documents, size, part, power):
    """int64 (words): see Windows.anchors; of equal parts the first. A queue holds those that may still be smallest."""
    anchors = np.full(len(prefixes) - 1, -1, np.int64)
    parts = size - part + 1
    room = 1
    while room < parts:
        room *= 2
    places, values = np.zeros(room, np.int64), np.zeros(room, np.uint64)
    mask = room - 1
    for document in range(len(documents) - 1):
        head = tail = 0
        for at in range(documents[document], documents[document + 1] - part + 1):
            value = mix(prefixes[at + part] - prefixes[at] * power)
            begin = at - parts + 1
            if head < tail and places[head & mask] < begin:
                head += 1
            while head < tail and values[(tail - 1) & mask] > value:
                tail -= 1
            places[tail & mask], values[tail & mask] = at, value
            tail += 1
            if begin >= documents[document]:
                anchors[begin] = places[head & mask]
    return anchors
