"""SHA-1 (FIPS 180-4) of many byte ranges of one buffer, compiled: what datasketch hashes shingles with."""

import numpy as np
from numba import njit, uint32


@njit(cache=True)
def _rotate(x, bits):
    return uint32((x << uint32(bits)) | (x >> uint32(32 - bits)))


@njit(cache=True)
def _load_block(data, start, length, block, words):
    """Fill words[0:16] with the padded message's 64 bytes of number `block`, and words[16:80] with its schedule."""
    offset = block * 64
    full = min(16, max(0, (length - offset) // 4))
    for i in range(full):
        at = np.uint64(start + offset + 4 * i)  # unsigned: numba leaves out the check for negative indices
        words[i] = uint32(
            (uint32(data[at]) << uint32(24)) | (uint32(data[at + np.uint64(1)]) << uint32(16))
            | (uint32(data[at + np.uint64(2)]) << uint32(8)) | uint32(data[at + np.uint64(3)])
        )
    for i in range(full, 16):
        word = uint32(0)
        for position in range(offset + 4 * i, offset + 4 * i + 4):
            byte = uint32(0)
            if position < length:
                byte = uint32(data[start + position])
            elif position == length:
                byte = uint32(0x80)
            word = uint32((word << uint32(8)) | byte)
        words[i] = word
    if block == (length + 8) // 64:  # the last block ends with the message's length in bits
        bits = np.uint64(length) << np.uint64(3)
        words[14] = uint32(bits >> np.uint64(32))
        words[15] = uint32(bits)
    for i in range(16, 80):
        words[i] = _rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1)


@njit(cache=True)
def _swap_bytes(x):
    return uint32(
        (x >> uint32(24)) | ((x >> uint32(8)) & uint32(0xFF00)) | ((x << uint32(8)) & uint32(0xFF0000))
        | (x << uint32(24))
    )


@njit(cache=True)
def sha1_64(data, start, end, words):
    """First 8 bytes of SHA-1 of `data[start:end]` (uint8) as a little-endian uint64: datasketch's `sha1_hash64`.

    The low 32 bits are its `sha1_hash32`. `words` is scratch space, uint32[80].
    """
    length = end - start
    h0, h1, h2 = uint32(0x67452301), uint32(0xEFCDAB89), uint32(0x98BADCFE)
    h3, h4 = uint32(0x10325476), uint32(0xC3D2E1F0)
    for block in range((length + 8) // 64 + 1):
        _load_block(data, start, length, block, words)
        a, b, c, d, e = h0, h1, h2, h3, h4
        for i in range(20):
            turned = uint32(_rotate(a, 5) + (d ^ (b & (c ^ d))) + e + uint32(0x5A827999) + words[i])
            a, b, c, d, e = turned, a, _rotate(b, 30), c, d
        for i in range(20, 40):
            turned = uint32(_rotate(a, 5) + (b ^ c ^ d) + e + uint32(0x6ED9EBA1) + words[i])
            a, b, c, d, e = turned, a, _rotate(b, 30), c, d
        for i in range(40, 60):
            turned = uint32(_rotate(a, 5) + ((b & c) | (d & (b | c))) + e + uint32(0x8F1BBCDC) + words[i])
            a, b, c, d, e = turned, a, _rotate(b, 30), c, d
        for i in range(60, 80):
            turned = uint32(_rotate(a, 5) + (b ^ c ^ d) + e + uint32(0xCA62C1D6) + words[i])
            a, b, c, d, e = turned, a, _rotate(b, 30), c, d
        h0, h1, h2 = uint32(h0 + a), uint32(h1 + b), uint32(h2 + c)
        h3, h4 = uint32(h3 + d), uint32(h4 + e)
    return np.uint64(_swap_bytes(h0)) | (np.uint64(_swap_bytes(h1)) << np.uint64(32))
