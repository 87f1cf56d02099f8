"""Several seeds of a mixture trained as one stack, and each taken out as a run of its own."""

import shutil
from contextlib import ExitStack
from dataclasses import replace

import torch

from maslin.manifests import progress
from maslin.manifests.files import atomic_path, read_json
from maslin.manifests.identity import hash_int
from maslin.manifests.manifest import Manifest
from maslin.manifests.workspace import MEASURED_NAME, Mapper, ShardResult, Step, Workspace, commit, run_shards
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.data.objectives import make_objective
from maslin.trainer.data.prefetch import prefetch
from maslin.trainer.data.sampler import Sampler
from maslin.trainer.device import choose_device, deterministic, memory_errors
from maslin.trainer.models.new_model import initialise
from maslin.trainer.runs.checkpoint import (
    KEPT,
    checkpoint_metadata,
    checkpoint_path,
    checkpoint_tensors,
    load_checkpoint,
    remove_checkpoints,
    write_checkpoint,
)
from maslin.trainer.runs.metrics import MetricsLog
from maslin.trainer.runs.optimizer import learning_rate, make_optimizers
from maslin.trainer.runs.record import READ_EVERY, check_vocabulary, finish_run, log_steps
from maslin.trainer.runs.stack import Stack
from maslin.trainer.runs.throughput import measure
from maslin.trainer.threads import threads


def build_stack(step: Step, workspace: Workspace, mapper: Mapper) -> Manifest:
    """Train the runs of a `stack` step, each below `s<seed>/`; returns its manifest."""
    training = step.parameters["training"]
    total = len(step.parameters["seeds"]) * training["tokens"]
    (result,) = run_shards(
        workspace.path(step), train_stack, [(workspace, step)], mapper, f"train {step.name}", total=total,
        unit="tokens")
    return commit(
        workspace.path(step), step, result["files"], sizes={"tokens": total}, summary={"runs": result["runs"]},
        measured=result["measured"])


def train_stack(task: tuple[Workspace, Step]) -> ShardResult:
    """Train all runs of a stack, going on from the newest checkpoint that all have; runs in a worker process.

    Each step is that of `maslin.trainer.runs.loop`, with a loss, a norm and a log a run. Raises what `train` does.
    """
    workspace, step = task
    mixture, tokenizer = step.inputs["mixture"], step.inputs["tokenizer"]
    assert isinstance(mixture, Step) and isinstance(tokenizer, Step)
    tokenizer_path = workspace.path(tokenizer) / "tokenizer.json"
    model_config = ModelConfig.from_json(step.parameters["model"])
    config, seeds = TrainingConfig.from_json(step.parameters["training"]), step.parameters["seeds"]
    roots = [workspace.path(step) / f"s{seed}" for seed in seeds]
    device, sequences = choose_device(), config.batch_tokens // model_config.context_tokens
    read_every = -(-READ_EVERY // config.log_every) * config.log_every
    with ExitStack() as stack:
        stack.enter_context(memory_errors(workspace.path(step), model_config, config))
        stack.enter_context(threads(config.threads))
        stack.enter_context(deterministic(config.deterministic))
        samplers = [stack.enter_context(Sampler(
            workspace.path(mixture), seed=hash_int(seed, "order"), context_tokens=model_config.context_tokens,
            sequences_per_step=sequences, steps=config.steps)) for seed in seeds]
        vocabulary = check_vocabulary(model_config, samplers[0], tokenizer_path)
        model_config = replace(model_config, vocab_size=vocabulary)
        models = [initialise(model_config, hash_int(seed, "weights"), device) for seed in seeds]
        throughput = measure(models[0])
        throughput = replace(throughput, flop_per_token=len(seeds) * throughput.flop_per_token)  # rates are of one run
        stacked = Stack(models)
        optimizers = make_optimizers(stacked, config)
        digest, done = samplers[0].digest, 0
        checkpoints = [load_checkpoint(root, device, digest) for root in roots]
        if all(checkpoints):  # killed between two runs' checkpoints, one of them is a step behind
            done = min(checkpoint.step for checkpoint in checkpoints)
            checkpoints = [load_checkpoint(root, device, digest, until=done) for root in roots]
            stacked.load(checkpoints, optimizers)
        steps = range(done, config.steps)
        progress.resume(done * config.batch_tokens * len(seeds))
        logs = [stack.enter_context(MetricsLog(root, done, throughput)) for root in roots]
        batches = [stack.enter_context(prefetch(
            sampler, steps, make_objective(config.objective, model_config, sampler.end_of_text, tokenizer_path, seed),
            device)) for sampler, seed in zip(samplers, seeds, strict=True)]
        unread: list[torch.Tensor] = []  # [loss, norm of the gradient, targets] × runs of each step
        for index, examples in zip(steps, zip(*batches, strict=True), strict=True):
            asked = torch.tensor([float(each.targets_asked) for each in examples], device=device)
            losses = torch.zeros(len(seeds), device=device)
            for first in range(0, sequences, config.micro_batch):
                part = slice(first, first + config.micro_batch)
                nats = stacked.summed_nats([each[part] for each in examples], config.z_loss) / asked
                nats.sum().backward()
                losses += nats.detach()
            norms = stacked.clip(config.gradient_clip)
            for optimizer in optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate(config, index)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            unread.append(torch.stack((losses, norms, asked)))
            done = index + 1
            save = done % config.checkpoint_every == 0 or done == config.steps
            if save or done % read_every == 0:
                values = torch.stack(unread).permute(2, 0, 1).tolist()
                for log, mine, sampler, root in zip(logs, values, samplers, roots, strict=True):
                    log_steps(log, mine, done, sampler, config, root)
                unread = []
            if save:
                tensors = checkpoint_tensors(stacked, optimizers)
                metadata = checkpoint_metadata(done, models[0], digest)
                for number, (log, root) in enumerate(zip(logs, roots, strict=True)):
                    log.to_disk()
                    mine = {name: tensor[number] for name, tensor in tensors.items()}
                    write_checkpoint(checkpoint_path(root, done), mine, metadata)
                for root in roots:  # only now: until all have the new one, the old one is the common one
                    remove_checkpoints(root, KEPT, ())
            progress.advance(config.batch_tokens * len(seeds))
        results = [
            finish_run(root, tokenizer_path, sampler, stacked.run(number), config, throughput)
            for number, (root, sampler) in enumerate(zip(roots, samplers, strict=True))]
    return {
        "files": [{**entry, "path": f"{root.name}/{entry['path']}"}
                  for root, result in zip(roots, results, strict=True) for entry in result["files"]],
        "runs": {
            str(seed): {"sizes": result["sizes"], "summary": result["summary"]}
            for seed, result in zip(seeds, results, strict=True)},
        "measured": results[0]["measured"],
    }


def take_from_stack(step: Step, stack: Step, workspace: Workspace) -> Manifest:
    """Commit a run that a stack trained, with a copy of its files; returns its manifest."""
    source, root = workspace.path(stack) / f"s{step.parameters['seed']}", workspace.path(step)
    entries = []
    for entry in workspace.manifest(stack).files:
        folder, _, name = entry.path.partition("/")
        if folder == source.name:
            with atomic_path(root / name) as temporary:
                shutil.copyfile(source / name, temporary)
            entries.append({**entry.to_json(), "path": name})
    run = workspace.manifest(stack).summary["runs"][str(step.parameters["seed"])]
    return commit(
        root, step, entries, sizes=run["sizes"], summary=run["summary"],
        measured=read_json(workspace.path(stack) / MEASURED_NAME))
