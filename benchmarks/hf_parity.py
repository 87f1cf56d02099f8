"""A `gpt2` of 1M parameters trained by us and by `transformers.Trainer`: where both end on held-out sequences.

    nice python -m benchmarks.hf_parity [--texts FILE ...] [--tokens 2_000_000] [--learning-rate 0.003]

Both begin with the same weights and see the same sequences in the same order, at the same rates, with the same decay;
attention stays inside documents in both. Model, loss, clipping, optimizer and loop of the Trainer are its own.
Texts are by default the modules of Python's standard library. Needs `accelerate`.
"""

import argparse
import functools
import sysconfig
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
import transformers

from maslin.curation.tokens.mixture import build_mixture
from maslin.curation.tokens.shards import build_tokens
from maslin.curation.tokens.tokenizer import build_tokenizer
from maslin.manifests.identity import document_id, hash_int
from maslin.manifests.tables import DOCUMENTS, part_name, write_table
from maslin.manifests.workspace import Step, Workspace, commit, serial_map
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.resolve import resolve_model, resolve_training
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.data.causal import causal
from maslin.trainer.data.sampler import Sampler
from maslin.trainer.models.layers import positions
from maslin.trainer.models.model import document_mask
from maslin.trainer.models.new_model import initialise
from maslin.trainer.models.saved_model import save_model
from maslin.trainer.runs.loop import train
from maslin.trainer.runs.optimizer import learning_rate
from maslin.trainer.runs.task import Task

SEED = 0
VOCABULARY = 4096
HELD_OUT_STEPS = 30  # batches behind the last that was trained on
CPU = torch.device("cpu")


def mixture_of(texts: list[Path], workspace: Workspace, tokens: int) -> tuple[Path, Path]:
    """Directories of a mixture of one corpus with these texts, and of its tokenizer."""
    rows = [
        {"id": document_id("benchmark", str(number)), "text": path.read_text(encoding="utf-8"), "source": "texts"}
        for number, path in enumerate(texts)
    ]
    corpus = Step("corpus", "texts", 1, {"of": len(rows)})
    directory = workspace.path(corpus)
    commit(directory, corpus, [
        write_table(directory, f"documents/{part_name(0)}", pa.Table.from_pylist(rows, schema=DOCUMENTS))])
    parameters = {"kind": "bpe", "vocab_size": VOCABULARY, "sample_bytes": 8 << 20}
    tokenizer = Step("tokenizer", "texts", 1, parameters, {"corpus:texts": corpus})
    build_tokenizer(tokenizer, workspace, serial_map)
    shards = Step("tokens", "texts", 1, {}, {"documents": corpus, "tokenizer": tokenizer})
    build_tokens(shards, workspace, serial_map)
    mixture = Step(
        "mixture", "all", 1, {"weights": {"texts": 1.0}, "budget_tokens": tokens, "max_epochs": 100.0},
        {"tokens:texts": shards})
    build_mixture(mixture, workspace, serial_map)
    return workspace.path(mixture), workspace.path(tokenizer)


class Sequences(torch.utils.data.Dataset):
    """The sampler's sequences in its order, as inputs of GPT2LMHeadModel."""

    def __init__(self, sampler: Sampler, sequences: int) -> None:
        self.sampler, self.sequences = sampler, sequences
        self.batch = functools.lru_cache(maxsize=1)(lambda step: causal(sampler.batch(step)))

    def __len__(self) -> int:
        return self.sequences

    def __getitem__(self, number: int) -> dict[str, Any]:
        step, row = divmod(number, self.sampler.sequences_per_step)
        examples = self.batch(step)[row : row + 1]
        mask = document_mask(examples.segments)
        assert isinstance(mask, torch.Tensor)
        return {
            "input_ids": examples.tokens[0], "labels": examples.targets[0], "shift_labels": examples.targets[0],
            "attention_mask": mask[0], "position_ids": positions(examples.tokens, examples.segments)[0],
        }


class SameSettings(transformers.Trainer):
    """The Trainer, but it takes sequences as they come, with our rate of every step, and embeddings do not decay."""

    config: TrainingConfig

    def _get_train_sampler(self, train_dataset: Any = None) -> torch.utils.data.Sampler:
        return torch.utils.data.SequentialSampler(train_dataset or self.train_dataset)

    def get_decay_parameter_names(self, model: torch.nn.Module) -> list[str]:
        names = super().get_decay_parameter_names(model)
        return [name for name in names if ".wte." not in name and ".wpe." not in name]

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer or self.optimizer, lambda step: learning_rate(self.config, min(step, self.config.steps - 1)) /
            self.config.learning_rate)
        return self.lr_scheduler


def train_there(start: Path, sequences: Sequences, config: TrainingConfig, root: Path) -> torch.nn.Module:
    """The model that the Trainer makes of the one saved in `start`."""
    model = transformers.AutoModelForCausalLM.from_pretrained(start)
    arguments = transformers.TrainingArguments(
        output_dir=str(root), max_steps=config.steps, per_device_train_batch_size=sequences.sampler.sequences_per_step,
        learning_rate=config.learning_rate, weight_decay=config.weight_decay, adam_beta1=config.beta1,
        adam_beta2=config.beta2, max_grad_norm=config.gradient_clip, use_cpu=True, report_to=[],
        save_strategy="no", logging_strategy="no", disable_tqdm=True, remove_unused_columns=False,
        dataloader_pin_memory=False)
    trainer = SameSettings(model, arguments, train_dataset=sequences)
    trainer.config = config
    trainer.train()
    return model.eval()


@torch.no_grad()
def held_out_loss(model: torch.nn.Module, sampler: Sampler, first: int) -> float:
    """Nats a token over the batches behind `first`."""
    total = 0.0
    for step in range(first, first + HELD_OUT_STEPS):
        examples = causal(sampler.batch(step))
        logits = model(
            examples.tokens, attention_mask=document_mask(examples.segments),
            position_ids=positions(examples.tokens, examples.segments)).logits
        total += torch.nn.functional.cross_entropy(logits.flatten(0, 1), examples.targets.flatten()).item()
    return total / HELD_OUT_STEPS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, nargs="+", help="UTF-8 text files (default: Python's standard library)")
    parser.add_argument("--tokens", type=int, default=2_000_000)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    library = Path(sysconfig.get_paths()["stdlib"])
    texts = given.texts or sorted([*library.glob("*.py"), *library.glob("[a-z]*/*.py")])
    texts = [path for path in texts if "site-packages" not in path.parts and "test" not in path.parts]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        mixture, tokenizer = mixture_of(texts, Workspace(root), given.tokens)
        model = resolve_model("tiny", "gpt2")
        config = resolve_training(
            model, given.tokens, batch_tokens=given.batch_tokens, learning_rate=given.learning_rate, optimizer="adamw")
        compare(root, mixture, tokenizer / "tokenizer.json", model, config)


def compare(root: Path, mixture: Path, tokenizer: Path, model: ModelConfig, config: TrainingConfig) -> None:
    """Train both ways and print where they end."""
    with Sampler(
        mixture, seed=hash_int(SEED, "order"), context_tokens=model.context_tokens,
        sequences_per_step=config.batch_tokens // model.context_tokens, steps=config.steps + HELD_OUT_STEPS,
    ) as sampler:
        passes = (config.steps + HELD_OUT_STEPS) * config.batch_tokens / sampler.tokens[0].tokens
        assert passes <= 1, f"{passes:.2f} passes over the texts: the held-out sequences would not be held out"
        started = time.process_time()
        (ours,) = train(Task(root / "ours", (SEED,), mixture, tokenizer, model, config))
        our_seconds = time.process_time() - started
        start = initialise(replace(model, vocab_size=sampler.vocab_size), hash_int(SEED, "weights"), CPU)
        save_model(root / "start", start, tokenizer, sampler.end_of_text)
        started = time.process_time()
        sequences = Sequences(sampler, config.steps * sampler.sequences_per_step)
        theirs = train_there(root / "start" / "model", sequences, config, root / "theirs")
        their_seconds = time.process_time() - started
        exported = transformers.AutoModelForCausalLM.from_pretrained(root / "ours" / "model")
        losses = [held_out_loss(each, sampler, config.steps) for each in (exported, theirs)]
    print(f"gpt2, {model.parameters:,} parameters without embeddings, {config.steps} steps of {config.batch_tokens} "
          f"tokens, torch {torch.__version__}, transformers {transformers.__version__}")
    print(f"ours    {losses[0]:.4f} nats held out, {our_seconds:.0f} CPU-s (last training loss "
          f"{ours.summary['final_loss_nats']:.4f})")
    print(f"Trainer {losses[1]:.4f} nats held out, {their_seconds:.0f} CPU-s")
    print(f"ours less the Trainer's: {losses[0] - losses[1]:+.4f} nats")


if __name__ == "__main__":
    main()
