"""`str.lower` for kernels: the lower case of each character, and the texts in which more than the character decides."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import uint64

from maslin.curation.text.buffers import bytes_and_offsets
from maslin.curation.text.utf8 import ASSIGNED
from maslin.manifests.kernels.kernel import njit

_SURROGATES = slice(0xD800, 0xE000)
_DOTTED_I, _SIGMA = 0x130, 0x3A3  # lower() makes two characters of the one, and a final sigma of the other at word ends


def _lower_case() -> np.ndarray:
    codes = np.arange(ASSIGNED, dtype="<u4")
    plain = codes.copy()
    plain[_SURROGATES] = plain[[_DOTTED_I, _SIGMA]] = 0
    lowered = np.frombuffer(plain.tobytes().decode("utf-32-le").lower().encode("utf-32-le"), "<u4")
    return np.where(plain, lowered, codes).astype(np.uint32)


LOWER = _lower_case()  # uint32 (ASSIGNED) by code point; those two stand for themselves


def without_capitals_of_their_own(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """The texts, those with a capital that `LOWER` cannot tell (`İ`, `Σ`) already in lower case. No text is null."""
    data, bounds = bytes_and_offsets(texts)
    if bounds[0] == bounds[-1]:
        return texts
    found = np.zeros(len(texts), np.bool_)
    _find_capitals(data, bounds, found)
    if not found.any():
        return texts
    mask = pa.array(found)
    return pc.replace_with_mask(
        texts, mask, pa.array([text.lower() for text in texts.filter(mask).to_pylist()], pa.large_string()))


@njit(cache=True)
def _find_capitals(data, bounds, found):
    one = uint64(1)  # unsigned indices and no branch: made vectors
    for k in range(len(bounds) - 1):
        here = False
        for at in range(uint64(bounds[k]) + one, uint64(bounds[k + 1])):
            first, second = data[at - one], data[at]
            here |= ((first == 0xC4) & (second == 0xB0)) | ((first == 0xCE) & (second == 0xA3))
        found[k] = here
