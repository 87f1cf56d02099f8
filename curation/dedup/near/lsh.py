"""Bands and permutations as datasketch chooses them. They are kept beside the models: to import the package takes a
second of processor time, most of it for others of its parts, and every worker would.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import numpy as np

from maslin.curation import resources
from maslin.manifests.errors import DamagedError
from maslin.manifests.files import read_sealed, sealed, write_json
from maslin.manifests.identity import digest
from maslin.manifests.steps.dedup import NearDedup


@dataclass(frozen=True)
class LshParameters:
    """Bands and rows a band as datasketch chooses them, and the permutations those bands read."""

    bands: int
    rows: int
    multipliers: np.ndarray  # uint32 [bands · rows]
    addends: np.ndarray  # uint32 [bands · rows]


@cache
def lsh_parameters(parameters: NearDedup) -> LshParameters:
    """datasketch's optimal (b, r) and its permutations, taken from the package itself, once for each version of it."""
    asked = {
        "datasketch": version("datasketch"), "threshold": parameters.threshold, "seed": parameters.seed,
        "permutations": parameters.permutations, "false_negative_weight": parameters.false_negative_weight}
    path = resources.folder() / "lsh" / f"{digest(asked)}.json"
    with suppress(OSError, DamagedError):
        kept = read_sealed(path, "")
        return LshParameters(
            kept["bands"], kept["rows"], np.array(kept["multipliers"], np.uint32), np.array(kept["addends"], np.uint32))
    found = _of_datasketch(parameters)
    with suppress(OSError):  # an environment that cannot be written keeps none
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, sealed({
            **asked, "bands": found.bands, "rows": found.rows, "multipliers": found.multipliers.tolist(),
            "addends": found.addends.tolist()}))
    return found


def _of_datasketch(parameters: NearDedup) -> LshParameters:
    """`false_negative_weight` is the weight MinHashLSH gives to missed pairs; the rest goes to false candidates. Where
    its optimum is a single band (thresholds near 1), which MinHashLSH refuses, two bands are used.
    """
    import datasketch

    false_positive = 1 - parameters.false_negative_weight
    try:  # 1 - (1 - w): MinHashLSH asks that the two add up to 1 exactly
        index = datasketch.MinHashLSH(
            parameters.threshold, parameters.permutations, weights=(false_positive, 1 - false_positive))
        bands, rows = index.b, index.r
    except ValueError:
        bands, rows = 2, parameters.permutations // 2
    sketch = datasketch.MinHash(parameters.permutations, seed=parameters.seed, scheme="affine32")
    multipliers, addends = (np.ascontiguousarray(row[:bands * rows], np.uint32) for row in sketch.permutations)
    return LshParameters(bands, rows, multipliers, addends)
