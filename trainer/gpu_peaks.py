"""What makers of GPUs say that these can do, at most. Light: no torch."""

# Dense bfloat16 FLOP a second of a GPU, as its maker states it (SXM forms).
GPU_PEAK_FLOP: dict[str, float] = {"a100": 312e12, "h100": 989e12, "h200": 989e12}
# By a part of the name that torch gives a device. What is not here is unknown: a guess once gave others 104 % MFU.
_PEAK_BY_NAME: dict[str, float] = {
    "A100": GPU_PEAK_FLOP["a100"], "H100 80GB HBM3": GPU_PEAK_FLOP["h100"], "H100 PCIe": 756e12,
    "H200": GPU_PEAK_FLOP["h200"], "L40S": 362e12, "RTX 4090": 165.2e12,
}


def gpu_flop(hours: float, gpu: str, utilisation: float) -> float:
    """FLOP that `hours` of a GPU give to a model at this share of its peak (MFU)."""
    return hours * 3600 * GPU_PEAK_FLOP[gpu] * utilisation


def published_peak(device_name: str) -> float | None:
    """Dense bfloat16 FLOP a second of a device by the name torch gives it; None when we do not know."""
    return next((peak for name, peak in _PEAK_BY_NAME.items() if name in device_name), None)
