"""How fast a run is against what its device could do: MFU, and the share of the matrix products measured here."""

import time
from dataclasses import dataclass, replace
from typing import Any

import torch

from maslin.trainer.device import device_name
from maslin.trainer.gpu_peaks import published_peak
from maslin.trainer.models.model import LanguageModel

# Square products to measure with: [size, repetitions]. Large enough to fill a GPU, small enough for a core's patience.
_PRODUCTS = {"cpu": (768, 12), "cuda": (8192, 12)}
_MOST_MEASUREMENTS = 4
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Throughput:
    """FLOP a token of a model, and FLOP a second of the device it trains on.

    `published_flop`: of all `devices`, the dense bfloat16 peak that the maker states, None when we do not know it.
    `matmul_flop`: what large matrix products reached here, in the type `dtype` and with the threads of the run.
    """

    device: str
    devices: int
    flop_per_token: float
    published_flop: float | None
    matmul_flop: float
    place: torch.device = _CPU
    dtype: torch.dtype = torch.float32

    def of_runs(self, runs: int) -> "Throughput":
        """The same with so many models trained at once; a rate is that of one."""
        return replace(self, flop_per_token=runs * self.flop_per_token)

    def shares(self, tokens_per_second: float) -> dict[str, Any]:
        """`mfu` (model FLOP utilisation, PaLM's; None: peak unknown) and `matmul_share` of a rate.

        Nobody is faster than what is possible: the peak was measured while others had the device. It is measured again
        then, and is unknown (None) if it is still below the rate.
        """
        flop = tokens_per_second * self.flop_per_token
        if flop > self.matmul_flop:
            peak = self.devices * measure_again(self.place, self.dtype, torch.get_num_threads())
        else:
            peak = self.matmul_flop
        return {
            "mfu": round(flop / self.published_flop, 4) if self.published_flop else None,
            "matmul_share": round(flop / peak, 4) if flop <= peak else None,
        }

    def to_json(self) -> dict[str, Any]:
        return {
            "device": self.device, "devices": self.devices, "flop_per_token": self.flop_per_token,
            "published_flop_per_second": self.published_flop, "matmul_flop_per_second": round(self.matmul_flop)}


def measure(model: LanguageModel, devices: int = 1) -> Throughput:
    """What to compare the rate of `model` with, on so many devices like its own."""
    name, dtype = device_name(model.device), model.compute_dtype
    # Peaks are of bfloat16: a run in another type has no share of them.
    peak = published_peak(name) if dtype == torch.bfloat16 else None
    measured = matmul_flop(model.device, dtype, torch.get_num_threads())
    return Throughput(
        name, devices, model.flop_per_token, peak and devices * peak, devices * measured, model.device, dtype)


_best: dict[tuple[torch.device, torch.dtype, int], list[float]] = {}  # measurements of this process, in order


def matmul_flop(device: torch.device, dtype: torch.dtype, threads: int) -> float:
    """FLOP a second of large matrix products, measured once a process, in under a second.

    `threads` is how many torch computes with now: another number is another measurement.
    """
    measured = _best.setdefault((device, dtype, threads), [])
    return max(measured) if measured else measure_again(device, dtype, threads)


def measure_again(device: torch.device, dtype: torch.dtype, threads: int) -> float:
    """The best of all measurements, with one more, of which there are few a process."""
    measured = _best.setdefault((device, dtype, threads), [])
    if len(measured) < _MOST_MEASUREMENTS:
        measured.append(_fastest_product(device, dtype))
    return max(measured)


def _fastest_product(device: torch.device, dtype: torch.dtype) -> float:
    """FLOP a second of the fastest of some square matrix products."""
    size, repetitions = _PRODUCTS.get(device.type, (2048, 12))
    left, right = (torch.full((size, size), 0.5, device=device, dtype=dtype) for _ in range(2))
    product = torch.empty_like(left)
    best = float("inf")
    for _ in range(repetitions):
        _wait_for(device)
        started = time.perf_counter()
        torch.mm(left, right, out=product)
        _wait_for(device)
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def describe(shares: dict[str, Any]) -> str:
    """`MFU 41 % · 52 % of matmul peak`, for the progress line."""
    mfu = "unknown" if shares["mfu"] is None else f"{shares['mfu']:.0%}"
    of_products = "" if shares["matmul_share"] is None else f" · {shares['matmul_share']:.0%} of matmul peak"
    return f"MFU {mfu}{of_products}"
