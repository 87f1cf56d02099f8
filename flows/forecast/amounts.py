"""How much there is of everything that a plan speaks of: counted where it is built, estimated where it is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log2

from maslin.flows.forecast.rates import BUILT, Rates
from maslin.manifests.plan import Plan
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.workspace import Step, Workspace

COUNTED, ASSUMED = "counted", "assumed"  # where an amount is from; or `BUILT`: the shares of what was built before
CURATING = ("split", "held_out", "segment", "dedup", "corpus")
TOKENIZING = ("tokenizer", "tokens", "mixture")

# What is assumed where nothing was built in the workspace before: as the demo's inputs gave it.
_TEXT_PER_BYTE = {"warc": 1.6, "wikipedia": 1.8, "code": 3.1, "jsonl": 0.9, "parquet": 2.0, "chat": 0.9}
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zstd")
_PACKED_TEXT = 3.0  # times that text is packed, of kinds that are not packed as a rule
_DOCUMENT_BYTES = {"warc": 12_000, "wikipedia": 16_000, "code": 10_000}
_ROW_BYTES = 4_000  # of documents of other kinds
_KEPT = 0.5  # by a corpus's steps
_BYTES_PER_TOKEN = 0.3  # times the bits of the vocabulary: 3.6 with 4,096 entries, 4.2 with 16,384


@dataclass(frozen=True)
class Amount:
    """Documents, the bytes of their text, and tokens, as far as there are any; `source` says how they are known."""

    bytes: float = 0
    documents: float = 0
    tokens: float = 0
    source: str = COUNTED


class Amounts:
    """Of a plan in a workspace. `inputs`: the raw files of its sources; `limit`: records read of each."""

    def __init__(
        self, plan: Plan, workspace: Workspace, inputs: Mapping[str, Sequence[InputFile]], rates: Rates,
        limit: int | None = None,
    ) -> None:
        self._plan, self._workspace, self._inputs, self._rates = plan, workspace, inputs, rates
        self._limit = limit
        self._known: dict[str, Amount] = {}

    def raw_bytes(self, source: str) -> int:
        """Of the files of a source; of a crawl, whose files nobody has counted, what was read of it if it was."""
        step, declared = self._plan.documents.get(source), self._plan.recipe.sources.get(source)
        if step is not None and declared is not None and declared.crawl and self._workspace.is_complete(step):
            return self._workspace.manifest(step).sizes["input_bytes"]
        return sum(item.bytes for item in self._inputs.get(source, ()))

    def of(self, step: Step) -> Amount:
        """What a step of documents, a corpus, held-out documents, tokens or an evaluation holds or will hold."""
        if step.directory not in self._known:
            known = {
                "documents": self._documents, "corpus": self._corpus, "held_out": self._held_out,
                "tokens": self._tokens, "evaluation": self._scored}
            self._known[step.directory] = known[step.kind](step)
        return self._known[step.directory]

    def work(self, step: Step) -> float:
        """How much work a step is, in the unit of its kind: bytes read, bytes of text, or tokens."""
        if step.kind == "documents":
            return self.raw_bytes(step.name)
        if step.kind in CURATING:
            documents = step.inputs["documents"]
            assert isinstance(documents, Step)
            return self.of(documents).bytes
        if step.kind == "tokens":
            return self.of(step).bytes
        if step.kind == "tokenizer":
            return sum(self.of(corpus).bytes for corpus in step.input_steps().values())
        if step.kind == "evaluation":
            return self.of(step).tokens
        if step.kind in ("run", "stack"):
            return trained_tokens(step) * len(step.parameters.get("seeds", [0]))
        return 1.0 if step.kind == "report" else 0.0

    @cached_property
    def tokens_per_byte(self) -> tuple[float, str]:
        """Of all text under the recipe's tokenizer, and how that is known."""
        found = [
            self._workspace.manifest(step).sizes for step in self._plan.tokens.values()
            if self._workspace.is_complete(step)]
        read = sum(sizes.get("bytes", 0) for sizes in found)
        if read:
            return sum(sizes["tokens"] for sizes in found) / read, BUILT
        sample = self._rates.nearest("tokenize", 1)
        if sample is not None and sample.came.get("tokens"):
            return sample.came["tokens"] / sample.came["bytes"], BUILT
        return 1 / (_BYTES_PER_TOKEN * log2(self._plan.recipe.tokenizer.vocab_size)), ASSUMED

    def _documents(self, step: Step) -> Amount:
        if self._workspace.is_complete(step):
            manifest = self._workspace.manifest(step)
            return Amount(manifest.sizes.get("text_bytes", 0), manifest.counted().kept)
        kind = self._plan.recipe.sources[step.name].kind
        raw = self.raw_bytes(step.name)
        sample = self._rates.nearest(f"read {kind}", raw)
        if sample is not None:
            text, documents, source = (
                raw * sample.came["bytes"] / sample.amount, raw * sample.came["documents"] / sample.amount, BUILT)
        else:
            text = sum(item.bytes * _text_per_byte(kind, item.name) for item in self._inputs.get(step.name, ()))
            documents, source = text / _DOCUMENT_BYTES.get(kind, _ROW_BYTES), ASSUMED
        if self._limit is not None and documents > self._limit:
            text, documents = text * self._limit / documents, self._limit
        return Amount(text, documents, source=source)

    def _corpus(self, step: Step) -> Amount:
        if self._workspace.is_complete(step):
            sizes = self._workspace.manifest(step).sizes
            return Amount(sizes.get("bytes", 0), sizes.get("documents", 0))
        documents = step.inputs["documents"]
        assert isinstance(documents, Step)
        whole, comparison = self.of(documents), self._plan.recipe.comparison
        sample = self._rates.nearest("curate", 1)
        kept, source = (sample.came.get(f"kept {step.name}") if sample is not None else None), BUILT
        if kept is None:
            kept, source = _KEPT if step.parameters["steps"] else 1.0, ASSUMED
            if "split" in step.inputs and comparison is not None:
                kept *= 1 - comparison.held_out_share
        return Amount(kept * whole.bytes, kept * whole.documents, source=source)

    def _held_out(self, step: Step) -> Amount:
        if self._workspace.is_complete(step):
            sizes = self._workspace.manifest(step).sizes
            return Amount(sizes.get("bytes", 0), sizes.get("documents", 0))
        comparison = self._plan.recipe.comparison
        assert comparison is not None
        kept = self.of(self._plan.corpora[step.name])
        share = comparison.held_out_share / (1 - comparison.held_out_share)
        return Amount(share * kept.bytes, share * kept.documents, source=kept.source)

    def _tokens(self, step: Step) -> Amount:
        if self._workspace.is_complete(step):
            sizes = self._workspace.manifest(step).sizes
            return Amount(sizes.get("bytes", 0), sizes.get("documents", 0), sizes["tokens"])
        documents = step.inputs.get("documents")
        if not isinstance(documents, Step):  # made elsewhere: two bytes a token in most
            return Amount(tokens=self.raw_bytes(step.name) / 2, source=ASSUMED)
        text, (per_byte, source) = self.of(documents), self.tokens_per_byte
        if "duplicates" in step.parameters:  # a part of it, known once it is counted
            source = ASSUMED
        return Amount(text.bytes, text.documents, text.bytes * per_byte, text.source if source == BUILT else source)

    def _scored(self, step: Step) -> Amount:
        if self._workspace.is_complete(step):
            return Amount(tokens=self._workspace.manifest(step).sizes["tokens"])
        comparison, (per_byte, source) = self._plan.recipe.comparison, self.tokens_per_byte
        assert comparison is not None
        share = comparison.test_share if step.parameters["split"] == "test" else 1 - comparison.test_share
        domains = [self.of(domain) for domain in self._plan.held_out.values()]
        read = sum(min(share * each.bytes, step.parameters["max_bytes"]) for each in domains)
        return Amount(tokens=read * per_byte, source=source)


def trained_tokens(step: Step) -> int:
    """Of a run, or of each run of a stack; a run that leaves a trunk trains its decay alone."""
    training = step.parameters["training"]
    return int(training["tokens"] * (training["decay_share"] if "trunk" in step.inputs else 1))


def _text_per_byte(kind: str, name: str) -> float:
    packs = kind in ("jsonl", "chat") and name.lower().endswith(_PACKED)
    return _TEXT_PER_BYTE.get(kind, 1.0) * (_PACKED_TEXT if packs else 1.0)
