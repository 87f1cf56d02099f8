"""Inputs like real ones: a few cuts, copies, flips and words of the format away from one of them."""

import random
from collections.abc import Sequence

MOST_EDITS = 8


def mutated(rng: random.Random, seeds: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """A seed with some edits, each at a random place."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.randint(1, MOST_EDITS)):
        at, length = rng.randint(0, len(data)), min(rng.choice((1, 2, 4, 16, 200, 5000)), len(data))
        match rng.randrange(8):
            case 0 if data:
                data[at % len(data)] ^= 1 << rng.randrange(8)
            case 1 if data:
                data[at % len(data)] = rng.randrange(256)
            case 2:
                del data[at:at + length]
            case 3:
                data[at:at] = data[at:at + length] * rng.choice((1, 2, 50))
            case 4:
                data[at:at] = rng.choice(tokens) * rng.choice((1, 1, 1, 3, 2000))
            case 5:
                data[at:at + length] = rng.choice(tokens)
            case 6:
                del data[at:]
            case _:
                other = rng.choice(seeds)
                begin = rng.randint(0, len(other))
                data[at:at] = other[begin:begin + length]
    return bytes(data[:400_000])
