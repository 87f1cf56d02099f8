"""A finished step in a few words, and how far an unfinished one is."""

from collections.abc import Iterator
from pathlib import Path

from maslin.manifests.manifest import Manifest
from maslin.manifests.workspace import SHARD_MARKERS

CHECKPOINTS = "checkpoints/step-*.safetensors"


def facts(manifest: Manifest) -> str:
    """What a person wants to know of it first: `kept 31 of 120 documents, 0.2 MB of text`."""
    return ", ".join(_facts(manifest))


def _facts(manifest: Manifest) -> Iterator[str]:
    if not manifest.complete:
        yield "too much failed"
    if counts := manifest.counts:
        yield f"kept {counts.kept:,} of {counts.read:,} {counts.unit}"
    sizes, summary = manifest.sizes, manifest.summary
    if manifest.kind == "mixture":
        yield ", ".join(f"{name} {entry['weight']:.1%}" for name, entry in summary["corpora"].items())
    elif manifest.kind == "tokenizer":
        yield f"{summary['vocab_size']:,} entries"
    elif manifest.kind == "run":
        yield f"{summary['parameters']:,} parameters"
        yield f"last loss {summary['final_loss_nats']:.3f} nats/token"
    elif manifest.kind == "report":
        yield "; ".join(f"{arm}: " + ", ".join(f"{domain} {word}" for domain, word in words.items())
                        for arm, words in summary["verdicts"].items())
    elif text_bytes := sizes.get("bytes"):
        yield f"{text_bytes / 1e6:,.1f} MB of text"
    if tokens := sizes.get("tokens"):
        yield f"{tokens:,} tokens"


def how_far(directory: Path, steps: int | None = None) -> str:
    """Of an unfinished step directory: the last checkpoint of a run (of `steps`, if known), or the finished parts."""
    if checkpoints := sorted(directory.glob(CHECKPOINTS)):
        step = int(checkpoints[-1].stem.removeprefix("step-"))
        return f"step {step:,}" + (f" of {steps:,} ({step / steps:.0%})" if steps else "")
    parts = len(list(directory.glob(f"{SHARD_MARKERS}/*.json")))
    return f"{parts:,} parts done" if parts else "just begun"
