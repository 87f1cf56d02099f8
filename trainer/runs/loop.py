"""One run, step by step: batch, loss, gradient, update, log, checkpoint. Killed anywhere, it goes on bit for bit."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from maslin.manifests import progress
from maslin.manifests.identity import hash_int
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.data.objectives import OBJECTIVES, make_objective
from maslin.trainer.data.prefetch import prefetch
from maslin.trainer.data.sampler import Sampler
from maslin.trainer.device import choose_device, deterministic, memory_errors
from maslin.trainer.models.initial_weights import load_initial_weights
from maslin.trainer.models.new_model import initialise
from maslin.trainer.runs.checkpoint import KEPT, branch_off, load_checkpoint, restore_moments, restore_weights
from maslin.trainer.runs.metrics import MetricsLog
from maslin.trainer.runs.optimizer import learning_rate, make_optimizers
from maslin.trainer.runs.record import READ_EVERY, check_vocabulary, finish_run, log_steps
from maslin.trainer.runs.throughput import measure
from maslin.trainer.runs.workers import ALONE, Alone
from maslin.trainer.threads import threads


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
            sequences_per_step=sequences, steps=config.steps,
            whole_documents=OBJECTIVES[config.objective].whole_documents,
        ) as sampler,
    ):
        model_config = replace(model_config, vocab_size=check_vocabulary(model_config, sampler, tokenizer))
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
                    log_steps(log, workers.mean(torch.stack(unread)).tolist(), done, sampler, config, root)
                    unread = []
                if save:
                    log.to_disk()
                    kept = max(KEPT, config.average_checkpoints)
                    workers.save(root, done, model, optimizers, sampler.digest, kept, branch_steps)
                progress.advance(config.batch_tokens)
        model = workers.whole(model)
        return finish_run(root, tokenizer, sampler, model, config, throughput) if workers.rank == 0 else {}
