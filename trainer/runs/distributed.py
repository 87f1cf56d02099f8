"""Several processes on one run, started by `torchrun`: DDP, or FSDP2 where a model is too large for one device.

Every worker takes its part of the rows of the same batches, so that a run goes on with another number of workers: its
losses differ by the order of sums alone. Checkpoints are written by all workers behind the run's back, in safetensors,
and put together to the file that one process alone would write.
"""

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.distributed.checkpoint import HuggingFaceStorageWriter, async_save
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from maslin.manifests.errors import UsageError
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.models.examples import Examples
from maslin.trainer.models.model import LanguageModel
from maslin.trainer.models.new_model import make_model
from maslin.trainer.runs.background import Background
from maslin.trainer.runs.checkpoint import (
    checkpoint_metadata,
    checkpoint_path,
    checkpoint_tensors,
    remove_checkpoints,
    write_checkpoint,
)
from maslin.trainer.runs.workers import Alone, LossFunction


class _Loss(nn.Module):
    """The loss as a module's forward, which is what DDP and FSDP look at."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, examples: Examples, z_loss: float) -> Tensor:
        return self.model.summed_nats(examples, z_loss)


@dataclass(frozen=True)
class _Writing:
    """A checkpoint under way: every worker writes its part below `parts`."""

    future: Future
    parts: Path
    root: Path
    step: int
    metadata: dict[str, str]
    kept: int
    branch_steps: Collection[int]

    def put_together(self) -> None:
        """Give it the form and name of one that a process alone writes, and remove those it replaces."""
        (whole,) = self.parts.glob("*.safetensors")
        write_checkpoint(checkpoint_path(self.root, self.step), load_file(whole), self.metadata)
        shutil.rmtree(self.parts)
        remove_checkpoints(self.root, self.kept, self.branch_steps)


class Together(Alone):
    """The workers of a process group. `sharded`: weights, gradients and moments lie in parts (FSDP2), else whole."""

    def __init__(self, rank: int, size: int, sharded: bool, device: torch.device) -> None:
        self.rank, self.size, self.sharded, self.device = rank, size, sharded, device
        self._group = dist.new_group(backend="gloo")  # the thread's own: on the run's group their messages would cross
        self._writing: _Writing | None = None

    def wait(self) -> None:
        dist.barrier()

    def check(self, config: TrainingConfig, sequences: int) -> None:
        if sequences % self.size:
            raise UsageError(f"a batch of {sequences} sequences cannot be shared by {self.size} workers.")
        if self.sharded and config.optimizer == "muon":
            raise UsageError(
                "muon, which trains small models where a recipe names nothing, needs whole matrices: train without "
                "--shard, or with training.optimizer adamw.")

    def loss(self, model: LanguageModel) -> LossFunction:
        blocks = [block for part in model.modules() if isinstance(part, nn.ModuleList) for block in part]
        if self.device.type == "cuda":  # each by itself: a block's gradients are exchanged while the one before works
            for block in blocks:
                block.compile(dynamic=False)
        if not self.sharded:
            return DistributedDataParallel(
                _Loss(model), device_ids=[self.device] if self.device.type == "cuda" else None,
                gradient_as_bucket_view=True)
        loss, mesh = _Loss(model), init_device_mesh(self.device.type, (self.size,))
        # Weights are gathered in the type that they are used in; gradients are summed as they are kept.
        precision = MixedPrecisionPolicy(param_dtype=model.compute_dtype, reduce_dtype=torch.float32)
        for block in blocks:
            fully_shard(block, mesh=mesh, mp_policy=precision)
        # Not resharded: the embedding is needed again for the logits, after the model's own forward has ended.
        return fully_shard(loss, mesh=mesh, reshard_after_forward=False)

    def place(self, parameter: Tensor, moment: Tensor) -> Tensor:
        if not isinstance(parameter, DTensor):
            return moment
        return distribute_tensor(moment, parameter.device_mesh, parameter.placements, src_data_rank=None)

    def accumulating(self, loss: LossFunction, last: bool) -> AbstractContextManager[None]:
        if isinstance(loss, FSDPModule):
            loss.set_requires_gradient_sync(last)
        elif not last:
            assert isinstance(loss, DistributedDataParallel)
            return loss.no_sync()
        return nullcontext()

    def clip(self, model: LanguageModel, norm: float) -> Tensor:
        return _full(super().clip(model, norm))

    def mean(self, values: Tensor) -> Tensor:
        dist.all_reduce(values)
        return values / self.size

    def save(
        self, root: Path, step: int, model: LanguageModel, optimizers: Sequence[torch.optim.Optimizer], mixture: str,
        kept: int, branch_steps: Collection[int], background: Background,
    ) -> None:
        """Copy the state to main memory and go on; a thread of each worker writes its part meanwhile."""
        self._finish()
        parts = root / "checkpoints" / f".parts-{step:08d}"
        if self.rank == 0:
            shutil.rmtree(parts, ignore_errors=True)
        self.wait()
        writer = HuggingFaceStorageWriter(str(parts), save_distributed=True, enable_consolidation=True)
        tensors = checkpoint_tensors(model.named_parameters(), optimizers)
        writing = async_save(tensors, storage_writer=writer, process_group=self._group)
        assert isinstance(writing, Future)
        metadata = checkpoint_metadata(step, model.device, mixture)
        self._writing = _Writing(writing, parts, root, step, metadata, kept, branch_steps)

    def _finish(self) -> None:
        """Wait for the checkpoint under way; the first worker gives it its final form and name."""
        if self._writing is None:
            return
        self._writing.future.result()
        if self.rank == 0:
            self._writing.put_together()
        self._writing = None
        self.wait()

    @contextmanager
    def saving(self) -> Iterator[None]:
        yield
        self._finish()

    def whole(self, model: LanguageModel) -> LanguageModel:
        if not self.sharded:
            return model
        weights = {name: _full(parameter.detach()) for name, parameter in model.named_parameters()}
        whole = make_model(model.config)
        whole.load_state_dict(weights, assign=True)
        return whole


def _full(tensor: Tensor) -> Tensor:
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


@contextmanager
def process_group(sharded: bool) -> Iterator[Together]:
    """The workers that torchrun started, of which this process is one. Raises UsageError when it started none."""
    if "LOCAL_RANK" not in os.environ:  # torchrun speaks to its processes by the environment
        raise UsageError("no worker of torchrun: see `python -m maslin.flows.torchrun --help`.")
    on_cuda = torch.cuda.is_available()
    if on_cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("cpu:gloo,cuda:nccl" if on_cuda else "gloo")
    device = torch.device("cuda", torch.cuda.current_device()) if on_cuda else torch.device("cpu")
    try:
        yield Together(dist.get_rank(), dist.get_world_size(), sharded, device)
    finally:
        dist.destroy_process_group()
