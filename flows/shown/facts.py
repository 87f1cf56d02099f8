"""A finished step in a few words, and how far an unfinished one is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from maslin.manifests.manifest import Manifest
from maslin.manifests.workspace import SHARD_MARKERS, SHARDS_SUFFIX, Step, not_had

_CHECKPOINTS = ("checkpoints/step-*.safetensors", "s*/checkpoints/step-*.safetensors")  # of a run, of a stack


def facts(manifest: Manifest) -> str:
    """What a person wants to know of it first: `kept 31 of 120 documents (25.8%), 0.2 MB of text`."""
    return ", ".join(_facts(manifest))


def _facts(manifest: Manifest) -> Iterator[str]:
    if lost := not_had(manifest):
        yield f"{len(lost):,} paths not had"
    elif not manifest.complete:
        yield "too much failed"
    if counts := manifest.counts:
        share = f" ({counts.kept / counts.read:.1%})" if counts.read else ""
        yield f"kept {counts.kept:,} of {counts.read:,} {counts.unit}{share}"
    sizes, summary = manifest.sizes, manifest.summary
    if manifest.kind == "mixture":
        yield " + ".join(f"{entry['weight']:.1%} {name}" for name, entry in summary["corpora"].items())
    elif manifest.kind == "tokenizer":
        yield f"{summary['vocab_size']:,} entries"
    elif manifest.kind == "run":
        yield f"{summary['parameters']:,} parameters"
        yield f"last loss {summary['final_loss_nats']:.4f} nats/token"
    elif manifest.kind == "report":
        yield "; ".join(f"{arm}: " + ", ".join(f"{domain} {word}" for domain, word in words.items())
                        for arm, words in summary["verdicts"].items())
    elif text_bytes := sizes.get("bytes"):
        yield f"{text_bytes / 1e6:,.1f} MB of text"
    if tokens := sizes.get("tokens"):
        yield f"{tokens:,} tokens" + (" planned" if manifest.kind == "mixture" else "")


def steps_of(step: Step) -> int | None:
    """How many steps of the optimizer a run or a stack takes; None for what is built in shards."""
    if step.kind not in ("run", "stack"):
        return None
    training = step.parameters["training"]
    return training["tokens"] // training["batch_tokens"]


@dataclass(frozen=True)
class HowFar:
    """`done` of `total` `units`; None: nobody knows, and nothing is done where both are."""

    done: int | None
    total: int | None
    unit: str

    def __str__(self) -> str:
        if self.done is None:
            return "just begun"
        share = f" ({self.done / self.total:.0%})" if self.total else ""
        of = "" if self.total is None else f" of {self.total:,}"
        return f"{self.done:,}{of} {self.unit}{share}"


def how_far(directory: Path, steps: int | None = None) -> HowFar:
    """Of an unfinished step directory: the last checkpoint of a run, or of all runs of a stack, or the parts made.

    `steps`: see `steps_of`. Of several passes over the parts the last one that began counts.
    """
    newest: dict[Path, int] = {}
    for path in (path for pattern in _CHECKPOINTS for path in directory.glob(pattern)):
        newest[path.parent] = max(newest.get(path.parent, 0), int(path.stem.removeprefix("step-")))
    if newest:
        return HowFar(min(newest.values()), steps, "steps")
    stages = sorted((directory / SHARD_MARKERS).glob(f"*{SHARDS_SUFFIX}"), key=lambda path: path.stat().st_mtime_ns)
    if not stages:
        return HowFar(None, steps, "steps" if steps else "parts")
    stage, text = stages[-1].name.removesuffix(SHARDS_SUFFIX), stages[-1].read_text(encoding="utf-8").strip()
    done = len(list((directory / SHARD_MARKERS).glob(f"{stage}-*.json")))
    unit = "parts" if stage == "part" else f"parts of its {stage.replace('-', ' ')}"
    return HowFar(done, int(text) if text.isdigit() else None, unit)
