"""What a run checks before it begins, writes down on its way, and hands over at its end."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.files import file_entry
from maslin.manifests.identity import digest_of
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.data.sampler import Sampler
from maslin.trainer.models.model import LanguageModel
from maslin.trainer.models.saved_model import save_model
from maslin.trainer.runs.checkpoint import average_weights, remove_checkpoints
from maslin.trainer.runs.metrics import METRICS_NAME, MetricsLog, read_metrics, read_timing
from maslin.trainer.runs.optimizer import learning_rate
from maslin.trainer.runs.throughput import Throughput

FINAL_SHARE = 0.05  # of the steps, over which the final loss is the mean
READ_EVERY = 16  # steps, about: losses stay on the device until then
READINGS_BEHIND = 1  # they are read when the next ones are on their way: the device has work left, and nobody waits


class Reading:
    """Values [steps, figures, runs] on their way from the device; it goes on meanwhile."""

    def __init__(self, values: torch.Tensor) -> None:
        on_cuda = values.device.type == "cuda"
        self._values = values.to("cpu", non_blocking=True) if on_cuda else values.cpu()
        self._copied = torch.cuda.Event() if on_cuda else None
        if self._copied is not None:
            self._copied.record()

    def values(self) -> list[list[list[float]]]:
        """Of each run, of each step."""
        if self._copied is not None:
            self._copied.synchronize()
        return self._values.permute(2, 0, 1).tolist()


@dataclass(frozen=True)
class RunResult:
    """What a finished run's manifest says: entries of its files, and JSON values by names of the kind's own."""

    files: list[dict[str, Any]]
    sizes: dict[str, int]
    summary: dict[str, Any]
    measured: dict[str, Any]


def check_vocabulary(config: ModelConfig, sampler: Sampler, tokenizer: Path) -> int:
    """The vocabulary of tokens, tokenizer and model, which must be one."""
    if digest_of(sampler.tokens[0].tokenizer) != digest_of(tokenizer.parent.name):
        raise UsageError(
            f"mixture {sampler.mixture}: its tokens are of {sampler.tokens[0].tokenizer}, the run is to take the "
            f"tokenizer {tokenizer.parent.name}: build both with one tokenizer.")
    if config.vocab_size is not None and config.vocab_size < sampler.vocab_size:
        raise UsageError(
            f"mixture {sampler.mixture}: its tokens are of a vocabulary of {sampler.vocab_size:,}, the model has "
            f"{config.vocab_size:,}: leave model.vocab_size out.")
    return config.vocab_size or sampler.vocab_size


def log_steps(
    log: MetricsLog, values: list[list[float]], done: int, sampler: Sampler, config: TrainingConfig, root: Path,
    validation: Mapping[str, float] | None = None, validation_seconds: float = 0.0,
) -> None:
    """Write the metrics of the last steps, [loss, norm of the gradient, targets] each, up to `done`, and timing.

    `validation`: the losses on held-out documents after the last of them, by domain; none where they were not taken.
    """
    losses, targets = [], 0
    for step, (loss, norm, asked) in enumerate(values, done - len(values) + 1):
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise _no_number(loss, norm, step, sampler, root)
        losses.append(loss)
        targets += round(asked)
        if step % config.log_every == 0 or step == done:
            log.write({
                "step": step, "tokens": step * config.batch_tokens, "loss": math.fsum(losses) / len(losses),
                "learning_rate": learning_rate(config, step - 1), "gradient_norm": norm,
                "targets": targets, "corpora": sampler.realised(step),
                **({"validation": validation} if validation and step == done else {}),
            })
            losses, targets = [], 0
    log.time(done, config.batch_tokens, validation_seconds if validation else 0.0)


def _no_number(loss: float, norm: float, step: int, sampler: Sampler, root: Path) -> DataError:
    """The error for the first step, counted from 1, whose loss or gradient is no number: it names the documents."""
    ids = sorted({id for sequence in sampler.document_ids(step - 1) for id in sequence})
    checkpoints = sorted(path.name for path in (root / "checkpoints").glob("*.safetensors"))
    return DataError(
        f"{root}: at step {step} the loss is {loss} and the gradient's norm {norm}: training stopped. "
        f"The step's {len(ids)} documents: {', '.join(ids[:20])}{', …' if len(ids) > 20 else ''}. The newest "
        f"checkpoint, {checkpoints[-1] if checkpoints else 'none yet'}, is kept. Look at these documents "
        "(`maslin explain ID`), or lower training.learning_rate.")


def finish_run(
    root: Path, tokenizer: Path, sampler: Sampler, model: LanguageModel, config: TrainingConfig, throughput: Throughput,
) -> RunResult:
    """Write the model; what the manifest says of the run.

    The final checkpoint stays, so that training can go on; so do those that branches leave from, and all that the model
    is the average of.
    """
    if config.average_checkpoints > 1:
        model.load_state_dict(average_weights(root, config.average_checkpoints))
    files = save_model(root, model, tokenizer, sampler.end_of_text)
    kept = remove_checkpoints(
        root, config.average_checkpoints, {branch.decay_start for branch in config.branches()})
    metrics, cut = read_metrics(root / METRICS_NAME), sampler.cut_documents()
    last = [line["loss"] for line in metrics if line["step"] > (1 - FINAL_SHARE) * config.steps]
    return RunResult(
        files=[
            *files, *(file_entry(root, path) for path in kept),
            file_entry(root, root / METRICS_NAME, rows=len(metrics)),
        ],
        sizes={"tokens": config.steps * config.batch_tokens},
        summary={
            "parameters": model.config.parameters, "steps": config.steps, "vocab_size": model.config.vocab_size,
            "objective": config.objective, "final_loss_nats": math.fsum(last) / len(last),
            "corpora": sampler.realised(config.steps), **({"cut_documents": cut} if cut else {}),
        },
        measured={"torch": torch.__version__, "threads": config.threads, **read_timing(root, throughput)})
