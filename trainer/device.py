"""The device of a run: which one, what it is called, how it is held to the same bits, what to do when it is full."""

import contextlib
import os
import platform
from collections.abc import Iterator

import torch

from maslin.manifests.errors import MaslinError
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.training import TrainingConfig


def choose_device() -> torch.device:
    """A GPU of NVIDIA, or of Apple, or else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """What its maker calls a GPU; the architecture of a CPU, as torch says no more of it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"{platform.machine()} {device.type}"


@contextlib.contextmanager
def deterministic(asked: bool) -> Iterator[None]:
    """Allow only kernels that give equal bits for equal input, if `asked`; on a CPU ours always do."""
    before = torch.are_deterministic_algorithms_enabled()
    if asked:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS wants it before its first product
        torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


@contextlib.contextmanager
def memory_errors(where: object, model: ModelConfig, config: TrainingConfig) -> Iterator[None]:
    """Turn an exhausted memory into an error that names the setting to change."""
    try:
        yield
    except RuntimeError as error:
        if not _is_out_of_memory(error):
            raise
        advice = (
            f"set training.micro_batch to {config.micro_batch // 2} or less: the same batch, in smaller parts"
            if config.micro_batch > 1 else
            "one sequence at a time is too much already: lower training.context_tokens, or take a smaller "
            "training.model")
        raise MaslinError(
            f"{where}: out of memory with {config.micro_batch} sequences of {model.context_tokens:,} tokens in memory "
            f"at once, of {config.batch_tokens:,} tokens a batch; {advice}. Then run the same command again. "
            f"({str(error).splitlines()[0]})") from error


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
