"""SHA-1 (FIPS 180-4) of many byte ranges of one buffer, compiled: what datasketch hashes shingles with.

As many messages as there are lanes go side by side, a block of 64 bytes each, and what is done in 4, 8 or 16 lanes is
one instruction: loops over neighbouring words, which every compiler makes vectors of. A lane takes the next message
when its own has ended.
"""

import numpy as np
from numba import uint32, uint64

from maslin.manifests.kernels.kernel import njit

_LANES = 32  # two vectors or more on every CPU: loops of one are not made vectors
_START = (uint32(0x67452301), uint32(0xEFCDAB89), uint32(0x98BADCFE), uint32(0x10325476), uint32(0xC3D2E1F0))


@njit(cache=True)
def sha1_64(data, begins, ends, hashes):
    """hashes[i] = the first 8 bytes of SHA-1 of `data[begins[i]:ends[i]]` (uint8) as a little-endian uint64.

    It is datasketch's `sha1_hash64`, its low 32 bits `sha1_hash32`.
    """
    words, state = np.zeros(80 * _LANES, np.uint32), np.zeros(5 * _LANES, np.uint32)
    rows, turned = np.empty(85 * _LANES, np.uint32), np.empty(85 * _LANES, np.uint32)
    message, block = np.full(_LANES, -1, np.int64), np.zeros(_LANES, np.int64)
    ended = np.zeros(_LANES, np.bool_)
    taken, busy = 0, 1
    while busy:
        busy = 0
        for lane in range(_LANES):
            if message[lane] < 0:
                if taken == len(begins):
                    continue
                message[lane], block[lane] = taken, 0
                taken += 1
                for i in range(5):
                    state[i * _LANES + lane] = _START[i]
            ended[lane] = _load_block(data, begins[message[lane]], ends[message[lane]], block[lane], words, lane)
            block[lane] += 1
            busy += 1
        _compress(words, rows, turned, state)
        for lane in range(_LANES):
            if message[lane] >= 0 and ended[lane]:
                low, high = _swap_bytes(state[lane]), _swap_bytes(state[_LANES + lane])
                hashes[message[lane]] = uint64(low) | (uint64(high) << uint64(32))
                message[lane] = -1


@njit(cache=True)
def _load_block(data, begin, end, block, words, lane):
    """Write the padded message's 16 words of number `block` to the lane of `words`; returns whether it is the last."""
    left = end - begin - 64 * block  # bytes; less than nothing where the padding has begun in the block before
    at = uint64(begin + 64 * block)  # unsigned: numba leaves out the check for negative indices
    place = uint64(lane)
    full = min(16, max(0, left >> 2))
    for _ in range(full):
        words[place] = uint32(
            (uint32(data[at]) << uint32(24)) | (uint32(data[at + uint64(1)]) << uint32(16))
            | (uint32(data[at + uint64(2)]) << uint32(8)) | uint32(data[at + uint64(3)]))
        at += uint64(4)
        place += uint64(_LANES)
    if full == 16:
        return False
    word = uint32(0)
    if left >= 0:
        for byte in range(left & 3):
            word = uint32((word << uint32(8)) | uint32(data[at + uint64(byte)]))
        word = uint32(((word << uint32(8)) | uint32(0x80)) << uint32(8 * (3 - (left & 3))))
    words[place] = word
    for i in range(full + 1, 16):
        words[uint64(i * _LANES + lane)] = 0
    if left >= 56:
        return False
    bits = uint64(end - begin) << uint64(3)  # the last block ends with the message's length
    words[14 * _LANES + lane] = uint32(bits >> uint64(32))
    words[15 * _LANES + lane] = uint32(bits)
    return True


@njit(cache=True)
def _compress(words, rows, turned, state):
    """A block of every lane. `words` uint32 [80 · lanes], 16 of them given; `state` uint32 [5 · lanes] is changed.

    The standard's five letters are one sequence, of which a round adds the next row: a to e are its last five, those
    from c on `turned` by 30 bits. `rows` and `turned` are scratch space, uint32 [85 · lanes].
    """
    for at in range(16 * _LANES, 80 * _LANES):
        words[at] = _rotate(
            words[at - 3 * _LANES] ^ words[at - 8 * _LANES] ^ words[at - 14 * _LANES] ^ words[at - 16 * _LANES], 1)
    for lane in range(_LANES):
        rows[4 * _LANES + lane], rows[3 * _LANES + lane] = state[lane], state[_LANES + lane]
        turned[2 * _LANES + lane], turned[_LANES + lane] = state[2 * _LANES + lane], state[3 * _LANES + lane]
        turned[lane] = state[4 * _LANES + lane]
    for at in range(20 * _LANES):
        b, c, d = _middle(at, rows, turned)
        _end_round(at, uint32(d ^ (b & (c ^ d))), uint32(0x5A827999), words, rows, turned)
    for at in range(20 * _LANES, 40 * _LANES):
        b, c, d = _middle(at, rows, turned)
        _end_round(at, uint32(b ^ c ^ d), uint32(0x6ED9EBA1), words, rows, turned)
    for at in range(40 * _LANES, 60 * _LANES):
        b, c, d = _middle(at, rows, turned)
        _end_round(at, uint32((b & c) | (d & (b | c))), uint32(0x8F1BBCDC), words, rows, turned)
    for at in range(60 * _LANES, 80 * _LANES):
        b, c, d = _middle(at, rows, turned)
        _end_round(at, uint32(b ^ c ^ d), uint32(0xCA62C1D6), words, rows, turned)
    for lane in range(_LANES):
        state[lane] += rows[84 * _LANES + lane]
        state[_LANES + lane] += rows[83 * _LANES + lane]
        state[2 * _LANES + lane] += turned[82 * _LANES + lane]
        state[3 * _LANES + lane] += turned[81 * _LANES + lane]
        state[4 * _LANES + lane] += turned[80 * _LANES + lane]


@njit(cache=True)
def _middle(at, rows, turned):
    return rows[at + 3 * _LANES], turned[at + 2 * _LANES], turned[at + _LANES]


@njit(cache=True)
def _end_round(at, mixed, constant, words, rows, turned):
    """Add a lane's word of the next row, `mixed` being the round's function of b, c and d."""
    a, e = rows[at + 4 * _LANES], turned[at]
    rows[at + 5 * _LANES] = uint32(_rotate(a, 5) + mixed + e + constant + words[at])
    turned[at + 3 * _LANES] = _rotate(rows[at + 3 * _LANES], 30)


@njit(cache=True)
def _rotate(x, bits):
    return uint32((x << uint32(bits)) | (x >> uint32(32 - bits)))


@njit(cache=True)
def _swap_bytes(x):
    return uint32(
        (x >> uint32(24)) | ((x >> uint32(8)) & uint32(0xFF00)) | ((x << uint32(8)) & uint32(0xFF0000))
        | (x << uint32(24))
    )
