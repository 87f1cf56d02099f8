"""Training, step by step: batch, loss, gradient, update, log, checkpoint. Killed anywhere, it goes on bit for bit."""

import math
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace

import torch

from maslin.manifests import progress
from maslin.manifests.identity import hash_int
from maslin.trainer.data.objectives import make_objective
from maslin.trainer.data.prefetch import prefetch
from maslin.trainer.data.sampler import Sampler
from maslin.trainer.device import choose_device, deterministic, memory_errors
from maslin.trainer.models.examples import Examples
from maslin.trainer.models.initial_weights import load_initial_weights
from maslin.trainer.models.new_model import initialise
from maslin.trainer.runs.background import Background
from maslin.trainer.runs.checkpoint import KEPT, branch_off, common_checkpoints, restore_weights
from maslin.trainer.runs.metrics import MetricsLog
from maslin.trainer.runs.optimizer import learning_rate, make_optimizers
from maslin.trainer.runs.record import (
    READ_EVERY,
    READINGS_BEHIND,
    Reading,
    RunResult,
    check_vocabulary,
    finish_run,
    log_steps,
)
from maslin.trainer.runs.stack import Stack
from maslin.trainer.runs.task import Task
from maslin.trainer.runs.throughput import measure
from maslin.trainer.runs.trainee import Single, Trainee
from maslin.trainer.runs.validation import Validation
from maslin.trainer.runs.workers import ALONE, Alone
from maslin.trainer.threads import threads


def train(task: Task, workers: Alone = ALONE) -> list[RunResult]:
    """Train the runs of a task, going on from the newest checkpoint that all have; what each one's manifest says.

    `workers` are those among which each batch of a single run is shared; all but the first return nothing. Seeds of
    weights and of data order are hashes of a run's seed, so arms that share a seed share both. Raises DataError when a
    loss is no longer a number; the newest checkpoint stays. UsageError or DataError when mixture, vocabulary and
    settings do not fit together. MaslinError when memory is exhausted.
    """
    device, config = choose_device(), task.config
    workers.check(config, task.sequences)
    with ExitStack() as stack:
        stack.enter_context(memory_errors(task.directory, task.model, config))
        stack.enter_context(threads(config.threads))
        stack.enter_context(deterministic(config.deterministic))
        samplers = [stack.enter_context(Sampler(task.mixture, **task.sampling(seed))) for seed in task.seeds]

        # The models: as new, as another run left them, or as this one did
        shape = replace(task.model, vocab_size=check_vocabulary(task.model, samplers[0], task.tokenizer))
        models = [initialise(shape, hash_int(seed, "weights"), device) for seed in task.seeds]
        if task.trunk is not None and workers.rank == 0:
            branch_off(task.trunk, task.directory, config.decay_start)
        workers.wait()
        checkpoints = common_checkpoints(task.roots, device, samplers[0].digest)
        for model, checkpoint in zip(models, checkpoints, strict=bool(checkpoints)):
            restore_weights(checkpoint, model)
        for model in models if task.initial and not checkpoints else ():
            load_initial_weights(model, task.initial, task.tokenizer)

        # What trains them
        throughput = measure(models[0], workers.size).of_runs(len(models))
        trainee = Stack(models) if task.stacked else Single(models[0], workers)
        optimizers = make_optimizers(trainee, config)
        if checkpoints:
            trainee.restore_moments(checkpoints, optimizers)

        # The steps that are left
        steps = range(checkpoints[0].step if checkpoints else 0, config.steps)
        progress.resume(steps.start * config.batch_tokens * len(models))
        with ExitStack() as files:
            logs = [files.enter_context(MetricsLog(
                root, steps.start, throughput, task.tensorboard, write=workers.rank == 0)) for root in task.roots]
            batches = [files.enter_context(prefetch(
                sampler, steps, make_objective(config.objective, shape, sampler.end_of_text, task.tokenizer, seed),
                device)) for sampler, seed in zip(samplers, task.seeds, strict=True)]
            files.enter_context(workers.saving())
            background = files.enter_context(Background())
            validation = Validation(
                task.validation, task.tokenizer.parent.name, config.validation_tokens, task.model.context_tokens,
            ) if task.validation and config.validations else None
            _take_steps(
                task, trainee, optimizers, steps, zip(*batches, strict=True), samplers, logs, workers, validation,
                background)

        whole = trainee.models()
        if workers.rank > 0:
            next(whole)  # every worker has a part in putting it together
            return []
        return [
            finish_run(root, task.tokenizer, sampler, model, config, throughput)
            for root, sampler, model in zip(task.roots, samplers, whole, strict=True)]


def _take_steps(
    task: Task, trainee: Trainee, optimizers: Sequence[torch.optim.Optimizer], steps: range,
    batches: Iterable[tuple[Examples, ...]], samplers: Sequence[Sampler], logs: Sequence[MetricsLog], workers: Alone,
    validation: Validation | None, background: Background,
) -> None:
    """Every step of the loop. `batches` has the examples of each run, a step at a time."""
    config, runs = task.config, len(task.seeds)
    share = task.sequences // workers.size
    rows = range(task.sequences)[workers.rank * share:][:share]
    micro_batch = math.gcd(config.micro_batch, share)
    read_every = -(-READ_EVERY // config.log_every) * config.log_every
    branch_steps = {branch.decay_start for branch in config.branches()}
    unread: list[torch.Tensor] = []  # [loss, norm of the gradient, targets] × runs of each step since they were copied
    coming = deque[tuple[int, Reading]]()  # copies under way, each of the steps up to one
    for step, examples in zip(steps, batches, strict=True):
        # Gradients, micro-batch by micro-batch
        losses, targets = torch.zeros(runs, device=examples[0].tokens.device), trainee.targets(examples)
        for first in rows[::micro_batch]:
            part = slice(first, first + micro_batch)
            with trainee.accumulating(last=part.stop == rows.stop):
                nats = trainee.summed_nats([each[part] for each in examples], config.z_loss) / targets
                nats.sum().backward()
            losses += nats.detach()
        norms = trainee.clip(config.gradient_clip)

        # The update
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(config, step)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

        # Metrics, read from the device now and then, and checkpoints
        unread.append(torch.stack((losses, norms, losses.new_tensor([each.targets_asked for each in examples]))))
        done = step + 1
        save = done % config.checkpoint_every == 0 or done in branch_steps or done == config.steps
        validates = validation is not None and config.validates_after(done)
        if save or validates or done % read_every == 0:
            coming.append((done, Reading(workers.mean(torch.stack(unread)))))
            unread = []
            while len(coming) > (0 if save or validates else READINGS_BEHIND):
                last, reading = coming.popleft()
                values = reading.values()
                started = time.perf_counter()  # of the last one: the device has nothing left to do
                now = validates and last == done
                losses_by_domain = _validate(trainee, validation, workers) if now else [{}] * runs
                seconds = time.perf_counter() - started
                for log, mine, held_out, sampler, root in zip(
                        logs, values, losses_by_domain, samplers, task.roots, strict=True):
                    log_steps(log, mine, last, sampler, config, root, held_out, seconds)
        if save:
            for log in logs:
                log.to_disk()
            kept = max(KEPT, config.average_checkpoints)
            trainee.save(task.roots, done, optimizers, samplers[0].digest, kept, branch_steps, background)
        progress.advance(config.batch_tokens * runs)


def _validate(trainee: Trainee, validation: Validation, workers: Alone) -> list[dict[str, float]]:
    """The losses of each run on held-out documents, by domain; every worker has a part in putting a model together."""
    return [validation.losses(model) if workers.rank == 0 else {} for model in trainee.models()]
