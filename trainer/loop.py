"""One run, step by step: batch, loss, gradient, update, log, checkpoint. Killed anywhere, it goes on bit for bit."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from manifests import progress
from manifests.errors import DataError, UsageError
from manifests.files import file_entry
from manifests.identity import hash_int
from trainer.architectures import initialise
from trainer.checkpoint import (
    KEPT,
    average_weights,
    branch_off,
    load_checkpoint,
    remove_checkpoints,
    restore_moments,
    restore_weights,
)
from trainer.config import ModelConfig, TrainingConfig
from trainer.device import choose_device, deterministic, memory_errors
from trainer.initial_weights import load_initial_weights
from trainer.metrics import METRICS_NAME, MetricsLog, read_metrics, read_timing
from trainer.model import LanguageModel
from trainer.objectives import make_objective
from trainer.optimizer import learning_rate, make_optimizers
from trainer.prefetch import prefetch
from trainer.sampler import Sampler
from trainer.saved_model import save_model
from trainer.threads import threads
from trainer.throughput import Throughput, measure
from trainer.workers import ALONE, Alone

FINAL_SHARE = 0.05  # of the steps, over which the final loss is the mean
READ_EVERY = 16  # steps, about: losses stay on the device until then, as to read one is to wait for it


def train(
    root: Path, mixture: Path, tokenizer: Path, seed: int, model_config: ModelConfig, config: TrainingConfig,
    tensorboard: bool = False, trunk: Path | None = None, initial: Path | None = None, workers: Alone = ALONE,
) -> dict[str, Any]:
    """Train into `root`, going on from its newest checkpoint; returns files, sizes and summary for the manifest.

    `mixture` is a mixture's directory, `tokenizer` a tokenizer.json; `trunk` a finished run to a longer horizon, of
    which this one is a branch: the same run until this one's rate decays; `initial` another run's weights to begin
    with, the optimizer and the schedule being new; `workers` those among which each batch is shared. Seeds of weights
    and of data order are hashes of `seed`, so arms that share a seed share both. Raises DataError when the loss is no
    longer a number; the newest checkpoint stays. UsageError or DataError when mixture, vocabulary and settings do not
    fit together. MaslinError when memory is exhausted. Workers but the first return nothing.
    """
    device = choose_device()
    sequences = config.batch_tokens // model_config.context_tokens
    branch_steps = {branch.decay_start for branch in config.branches()}
    workers.check(config, sequences)
    read_every = -(-READ_EVERY // config.log_every) * config.log_every
    with (
        memory_errors(root, model_config, config), threads(config.threads), deterministic(config.deterministic),
        Sampler(
            mixture, seed=hash_int(seed, "order"), context_tokens=model_config.context_tokens,
            sequences_per_step=sequences, steps=config.steps, whole_documents=config.objective == "sft",
        ) as sampler,
    ):
        model_config = replace(model_config, vocab_size=_check_vocabulary(model_config, sampler, tokenizer))
        model = initialise(model_config, hash_int(seed, "weights"), device)
        if trunk is not None and workers.rank == 0:
            branch_off(trunk, root, config.decay_start)
        workers.wait()
        if checkpoint := load_checkpoint(root, device, sampler.digest):
            restore_weights(checkpoint, model)
        elif initial is not None:
            load_initial_weights(model, initial, tokenizer)
        throughput = measure(model, workers.size)
        summed_nats = workers.loss(model)
        optimizers = make_optimizers(model, config)
        if checkpoint:
            restore_moments(checkpoint, model, optimizers, workers.place)
        steps = range(checkpoint.step if checkpoint else 0, config.steps)
        progress.resume(steps.start * config.batch_tokens)
        rows = range(sequences)[workers.rank * sequences // workers.size:][:sequences // workers.size]
        micro_batch = math.gcd(config.micro_batch, len(rows))
        make = make_objective(config.objective, model_config, sampler.end_of_text, tokenizer, seed)
        with (
            MetricsLog(root, steps.start, throughput, tensorboard, write=workers.rank == 0) as log,
            prefetch(sampler, steps, make, device) as batches, workers.saving(),
        ):
            unread: list[torch.Tensor] = []  # [loss, norm of the gradient, targets] of each step since the last reading
            for step, examples in zip(steps, batches, strict=True):
                loss = torch.zeros((), device=device)
                for first in rows[::micro_batch]:
                    with workers.accumulating(summed_nats, last=first + micro_batch == rows.stop):
                        nats = summed_nats(examples[first : first + micro_batch], config.z_loss)
                        nats = nats / (max(1, examples.targets_asked) / workers.size)  # their gradients' mean is taken
                        nats.backward()
                    loss += nats.detach()
                norm = workers.clip(model, config.gradient_clip)
                for optimizer in optimizers:
                    for group in optimizer.param_groups:
                        group["lr"] = learning_rate(config, step)
                    optimizer.step()
                    optimizer.zero_grad(set_to_none=True)
                unread.append(torch.stack((loss, norm, loss.new_tensor(examples.targets_asked))))
                done = step + 1
                save = done % config.checkpoint_every == 0 or done in branch_steps or done == config.steps
                if save or done % read_every == 0:
                    _log(log, workers.mean(torch.stack(unread)).tolist(), done, sampler, config, root)
                    unread = []
                if save:
                    log.to_disk()
                    kept = max(KEPT, config.average_checkpoints)
                    workers.save(root, done, model, optimizers, sampler.digest, kept, branch_steps)
                progress.advance(config.batch_tokens)
        model = workers.whole(model)
        return _result(root, tokenizer, sampler, model, config, throughput) if workers.rank == 0 else {}


def _check_vocabulary(config: ModelConfig, sampler: Sampler, tokenizer: Path) -> int:
    """The vocabulary of tokens, tokenizer and model, which must be one."""
    if Path(sampler.tokens[0].tokenizer).name != tokenizer.parent.name:
        raise UsageError(
            f"mixture {sampler.mixture}: its tokens are of {sampler.tokens[0].tokenizer}, the run is to take the "
            f"tokenizer {tokenizer.parent.name}: build both with one tokenizer.")
    if config.vocab_size is not None and config.vocab_size < sampler.vocab_size:
        raise UsageError(
            f"mixture {sampler.mixture}: its tokens are of a vocabulary of {sampler.vocab_size:,}, the model has "
            f"{config.vocab_size:,}: leave model.vocab_size out.")
    return config.vocab_size or sampler.vocab_size


def _log(
    log: MetricsLog, values: list[list[float]], done: int, sampler: Sampler, config: TrainingConfig, root: Path,
) -> None:
    """Write the metrics of the last steps, [loss, norm of the gradient, targets] each, up to `done`, and timing."""
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
            })
            losses, targets = [], 0
    log.time(done, config.batch_tokens)


def _no_number(loss: float, norm: float, step: int, sampler: Sampler, root: Path) -> DataError:
    """The error for the first step, counted from 1, whose loss or gradient is no number: it names the documents."""
    ids = sorted({id for sequence in sampler.document_ids(step - 1) for id in sequence})
    checkpoints = sorted(path.name for path in (root / "checkpoints").glob("*.safetensors"))
    return DataError(
        f"{root}: at step {step} the loss is {loss} and the gradient's norm {norm}: training stopped. "
        f"The step's {len(ids)} documents: {', '.join(ids[:20])}{', …' if len(ids) > 20 else ''}. The newest "
        f"checkpoint, {checkpoints[-1] if checkpoints else 'none yet'}, is kept. Look at these documents "
        "(`maslin explain ID`), or lower training.learning_rate.")


def _result(
    root: Path, tokenizer: Path, sampler: Sampler, model: LanguageModel, config: TrainingConfig, throughput: Throughput,
) -> dict[str, Any]:
    """Write the model; what the manifest says of the run.

    The final checkpoint stays, so that training can go on; so do those that branches leave from, and all that the model
    is the average of.
    """
    if config.average_checkpoints > 1:
        model.load_state_dict(average_weights(root, config.average_checkpoints))
    files = save_model(root, model, tokenizer, sampler.end_of_text)
    kept = remove_checkpoints(
        root, config.average_checkpoints, {branch.decay_start for branch in config.branches()})
    metrics = read_metrics(root / METRICS_NAME)
    last = [line["loss"] for line in metrics if line["step"] > (1 - FINAL_SHARE) * config.steps]
    return {
        "files": [
            *files, *(file_entry(root, path) for path in kept),
            file_entry(root, root / METRICS_NAME, rows=len(metrics)),
        ],
        "sizes": {"tokens": config.steps * config.batch_tokens},
        "summary": {
            "parameters": model.config.parameters, "steps": config.steps, "vocab_size": model.config.vocab_size,
            "objective": config.objective, "final_loss_nats": math.fsum(last) / len(last),
            "corpora": sampler.realised(config.steps),
        },
        "measured": {
            "torch": torch.__version__, "threads": config.threads, **read_timing(root, throughput),
        },
    }
