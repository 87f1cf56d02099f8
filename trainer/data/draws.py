"""Random bits of a run's positions: a sequence is known by its number in the run, so nothing is saved to go on."""

import numpy as np


def draws(key: int, numbers: np.ndarray, length: int) -> np.ndarray:
    """64 random bits for each position of each sequence, uint64 [sequences, length]: pure in (key, number, position).

    Two rounds of splitmix64's finisher (Steele, Lea and Flood 2014).
    """
    row = _mixed(np.uint64(key % 2**64) + numbers.astype(np.uint64) * _GOLDEN)
    return _mixed(row[:, None] + np.arange(1, length + 1, dtype=np.uint64) * _GOLDEN)


def unit(bits: np.ndarray) -> np.ndarray:
    """Uniform in [0, 1) from 64 bits each."""
    return (bits >> np.uint64(11)) * 2.0**-53


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mixed(values: np.ndarray) -> np.ndarray:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
