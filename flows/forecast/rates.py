"""What work took in a workspace on this machine: `rates.json`, for telling what other work will take.

Nothing depends on it but what is told: no byte is made of it, and where it is missing or damaged nothing is known.
"""

import math
import platform
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from maslin.manifests.errors import DamagedError
from maslin.manifests.files import read_sealed, sealed, write_json

RATES_NAME = "rates.json"
# Where a figure is from. In compiling nothing is measured but what came of the work: kernels took most of the time.
BUILT, STEPS, COMPILING = "measured here", "a few steps, measured here", "measured as kernels compiled"
_KEPT = 8  # samples of a kind of work; the oldest goes


@dataclass(frozen=True)
class Sample:
    """So much work took so many seconds of the clock with `workers`, and `disk_bytes`. `came`: what came of it."""

    amount: float
    seconds: float
    workers: int
    disk_bytes: int = 0
    came: dict[str, float] = field(default_factory=dict)
    source: str = BUILT


class Rates:
    """Samples by the kind of work, of this machine alone."""

    def __init__(self, workspace: Path) -> None:
        self._path, self._host = workspace / RATES_NAME, platform.node()
        self._hosts: dict[str, dict[str, list[dict[str, Any]]]] = {}
        if self._path.is_file():
            with suppress(DamagedError, OSError):
                self._hosts = read_sealed(self._path, "Remove it.")
        self._samples: dict[str, list[Sample]] = {}
        with suppress(TypeError, AttributeError):  # as another Maslin wrote it
            self._samples = {kind: [Sample(**each) for each in samples]
                             for kind, samples in self._hosts.get(self._host, {}).items()}

    def nearest(self, kind: str, amount: float) -> Sample | None:
        """The sample of the most similar amount, the newest of several: small work is mostly beginnings and ends."""
        samples = self._samples.get(kind, [])
        samples = [each for each in samples if each.source == BUILT] or samples
        return min(reversed(samples), key=lambda each: abs(math.log(max(amount, 1) / each.amount)), default=None)

    def shortest(self, kind: str) -> Sample | None:
        """The sample that took the least: of what has no amount, and takes longer where something is made once."""
        return min(self._samples.get(kind, []), key=lambda each: each.seconds, default=None)

    def remember(self, found: dict[str, Sample]) -> None:
        """Add samples, and write all. A workspace that cannot be written keeps none."""
        for kind, sample in found.items():
            if sample.amount > 0 and sample.seconds > 0:
                self._samples[kind] = [*self._samples.get(kind, ()), sample][-_KEPT:]
        self._hosts[self._host] = {
            kind: [asdict(each) for each in samples] for kind, samples in self._samples.items()}
        with suppress(OSError):
            write_json(self._path, sealed(self._hosts))
