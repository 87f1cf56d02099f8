"""The funnel of a corpus: what each rule removes, in sequence and alone, in documents and in bytes of their text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maslin.curation.evidence.outcomes import Outcomes, alone, corpus_steps, outcomes
from maslin.manifests.workspace import read_manifest


@dataclass
class RuleCount:
    """One rule: documents and bytes of extracted text that it removes.

    `seen`: documents its step saw. In sequence it removes `documents`, as the ledger has it: each counts for the first
    rule that held. Alone, without the other rules of its step, it would remove `alone_documents` of those seen;
    whether also `unknown_documents` is not stored.
    """

    step_index: int
    step: str
    rule: str
    condition: str
    seen: int = 0
    documents: int = 0
    bytes: int = 0
    alone_documents: int = 0
    alone_bytes: int = 0
    unknown_documents: int = 0


@dataclass
class Funnel:
    """A corpus's funnel. Bytes are UTF-8 of the extracted texts; `text_bytes`: what edits left of those kept."""

    corpus: str
    directory: Path
    rules: list[RuleCount]
    steps: list[str]
    text_bytes: int
    read: int = 0
    read_bytes: int = 0
    kept: int = 0
    kept_bytes: int = 0


@dataclass(frozen=True)
class SourceCount:
    """How many of a source's records became documents; `removed`: the others by cause, most first."""

    name: str
    unit: str
    read: int
    documents: int
    removed: dict[str, int]

    def __str__(self) -> str:
        causes = ", ".join(f"{cause} {number:,}" for cause, number in self.removed.items())
        line = f"{self.name}: {self.documents:,} documents of {self.read:,} {self.unit}"
        return f"{line} ({causes})" if causes else line


def count_sources(corpora: Sequence[Path]) -> list[SourceCount]:
    """The sources of corpora, each once, from their manifests."""
    found = dict.fromkeys(
        read_manifest(directory).input("documents") for directory in corpora)
    manifests = [read_manifest(source) for source in found]
    return [
        SourceCount(
            manifest.name, counts.unit, counts.read, counts.kept,
            counts.removed)
        for manifest in manifests for counts in (manifest.counted(),)
    ]


def count_funnel(directory: Path, say: Callable[[str], None] = lambda line: None) -> Funnel:
    """Count the corpus in `directory` from its ledger and stored signals. `say`: see lookup.find."""
    manifest = read_manifest(directory)
    steps = corpus_steps(manifest)
    counted = [
        (step, rule, RuleCount(step.index, step.name, rule.name, rule.condition(step.parameters)))
        for step in steps for rule in step.rules
    ]
    funnel = Funnel(
        manifest.name, directory, [count for _, _, count in counted], [step.name for step in steps],
        manifest.sizes["bytes"])
    for found in outcomes(directory, say):
        kept = found.rule < 0
        funnel.read += len(found)
        funnel.read_bytes += int(found.bytes.sum())
        funnel.kept += int(kept.sum())
        funnel.kept_bytes += int(found.bytes[kept].sum())
        for step, rule, count in counted:
            _add(count, found, found.left_by(step.index, rule.name), *alone(found, step, rule))
    return funnel


def _add(
    count: RuleCount, found: Outcomes, in_sequence: np.ndarray, alone: np.ndarray, unknown: np.ndarray,
) -> None:
    count.seen += int((found.step >= count.step_index).sum())
    count.documents += int(in_sequence.sum())
    count.bytes += int(found.bytes[in_sequence].sum())
    count.alone_documents += int(alone.sum())
    count.alone_bytes += int(found.bytes[alone].sum())
    count.unknown_documents += int(unknown.sum())
