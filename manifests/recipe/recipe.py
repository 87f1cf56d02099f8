"""The types of a recipe: what `maslin.manifests.recipe.reading` makes of the YAML a person writes."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from maslin.manifests.recipe.earlier import EarlierCorpus
from maslin.manifests.recipe.evaluation_sets import EvaluationSet
from maslin.manifests.recipe.mixtures import Mixture
from maslin.manifests.recipe.sources import Source, TokenShards
from maslin.manifests.steps.decontamination import Decontamination
from maslin.manifests.steps.dedup import EXACT_DEDUP, ExactDedup, HeldOutOverlap, NearDedup
from maslin.manifests.steps.spec import LATER, CurationStep, Origins, parameters_json

_SHARE = {"min": 0.0, "max": 1.0}
# Beyond all that was ever trained on or lay on one machine: what is larger is a slip of the hand.
_TOKENS = {"min": 1, "max": 10**15}
_MOST_BYTES = 10**15


@dataclass(frozen=True)
class Corpus:
    """What is kept of one source."""

    source: str
    steps: tuple[CurationStep, ...] = ()


@dataclass(frozen=True)
class Bucket:
    """The documents of a corpus that stand for so many duplicates: from `least` to `most` (None: or any more) of them.

    In mixtures it stands like a corpus; it has no steps of its own, and what is held out of the corpus is in none.
    """

    corpus: str
    least: int
    most: int | None

    @property
    def bounds(self) -> list[int | None]:
        return [self.least, self.most]

    def overlaps(self, other: "Bucket") -> bool:
        """Whether a document may be in both."""
        return self.corpus == other.corpus and all(
            low.most is None or low.most >= high.least for low, high in ((self, other), (other, self)))

    def to_json(self) -> dict[str, Any]:
        return {"from_corpus": self.corpus, "duplicates": self.bounds}


@dataclass(frozen=True)
class Dedup:
    """Duplicates across corpora: a document of a later corpus goes when an earlier one of another source has it.

    `by`: has a `near` duplicate, of at least this similarity (`threshold`), or one that is equal as `exact_dedup` says.
    And the shares of a source's documents that a `near_dedup`, `exact_dedup` or `c4_url_dedup` of any corpus may
    remove, and that it may take for the same: beyond them nothing is made of what it leaves.
    """

    across: tuple[str, ...] = ()
    threshold: float = field(default=0.8, metadata={"min": 0.1, "max": 1.0})
    by: Literal["near", "text", "normalised_text", "url"] = field(default="near", metadata=LATER)
    most_removed: float = field(default=0.9, metadata=_SHARE)
    largest_cluster: float = field(default=0.01, metadata=_SHARE)

    def across_json(self) -> dict[str, Any]:
        """What a corpus's step is told: the parameters of near duplicates, or an entry of `exact_dedup`."""
        if self.by == "near":
            return parameters_json(NearDedup(threshold=self.threshold))
        return CurationStep(EXACT_DEDUP, ExactDedup(by=self.by)).to_json()

    def wrong(self) -> tuple[str, str] | None:
        """What is equal is so whatever the threshold."""
        if self.by != "near" and self.threshold != 0.8:
            return "threshold", f"`by: {self.by}` finds what is equal: a threshold is for `by: near`"
        return None


@dataclass(frozen=True)
class Tokenizer:
    """One tokenizer a recipe: trained on an equal-bytes sample of all corpora in mixtures, or a file of one's own."""

    kind: Literal["bpe"] = "bpe"
    vocab_size: int = field(default=16384, metadata={"min": 257, "max": 2**20})
    sample_bytes: int = field(default=64 << 20, metadata={"min": 1024, "max": _MOST_BYTES})
    path: str | None = None


@dataclass(frozen=True)
class Training:
    """How every run trains. What is left out follows from the model's size (`maslin.trainer.config.resolve`).

    `architecture` and `objective` are names that the trainer knows; the planner checks them.
    `horizons`: shares of the tokens at which further runs, of `wsd` only, branch off and decay.
    `simulate_target_tokens`: each corpus is cut to so many of its documents that this run repeats them as often as a
    run of that many tokens would repeat the whole corpus.
    """

    model: str = "tiny"
    architecture: str = "llama"
    objective: str | None = None
    tokens: int = field(default=2_000_000, metadata=_TOKENS)
    seeds: int = field(default=3, metadata={"min": 1, "max": 1000})
    max_epochs: float = field(default=4.0, metadata={"min": 0.001, "max": 1000.0})
    simulate_target_tokens: int | None = field(default=None, metadata=_TOKENS)
    init_from: str | None = None
    kv_heads: int | None = field(default=None, metadata={"min": 1, "max": 1024})
    context_tokens: int | None = field(default=None, metadata={"min": 8, "max": 2**20})
    batch_tokens: int | None = field(default=None, metadata={"min": 1, "max": 2**30})
    micro_batch: int | None = field(default=None, metadata={"min": 1, "max": 2**20})
    learning_rate: float | None = field(default=None, metadata={"min": 1e-9, "max": 10.0})
    schedule: Literal["cosine", "linear", "wsd"] = "cosine"
    decay_share: float = field(default=0.2, metadata=_SHARE)
    horizons: tuple[float, ...] = field(default=(), metadata=_SHARE)
    optimizer: Literal["adamw", "muon"] | None = None
    z_loss: float = field(default=0.0, metadata={"min": 0.0, "max": 1.0})
    average_checkpoints: int = field(default=1, metadata={"min": 1, "max": 100})
    deterministic: bool = False
    together: int = field(default=1, metadata={"min": 1, "max": 64})
    validations: int = field(default=10, metadata={"min": 0, "max": 1000})


@dataclass(frozen=True)
class Comparison:
    """What is compared: every mixture against `baseline`, on held-out documents of these corpora.

    `held_out_share` of each domain's source is never trained on; `test_share` of that stays closed until `--final`. It
    is drawn by `held_out_by`: documents with their duplicates, or whole sites or repositories of sources that know them
    (of several words the first that a source knows), of which `least_units` have to remain to train on; of other
    sources documents. `overlap`: what else may not be trained on, as it holds parts of these documents.
    `max_bytes_per_domain` bounds what is scored, by `metric`, one of trainer/comparison/metrics.py. `primary`: the
    domains that claims are made of (default: all), which share the chance of error; of the others an interval is told.
    Differences within `margin_percent` of the baseline's figure are practically nothing.
    """

    baseline: str
    domains: tuple[str, ...]
    held_out_share: float = field(default=0.05, metadata={"min": 0.0001, "max": 0.5})
    held_out_by: tuple[Literal["document", "site", "repository"], ...] = ("document",)
    least_units: int = field(default=3, metadata={"min": 1, "max": 10**9})
    overlap: HeldOutOverlap = field(default_factory=HeldOutOverlap)
    test_share: float = field(default=0.2, metadata={"min": 0.0, "max": 0.9})
    max_bytes_per_domain: int = field(default=1_000_000, metadata={"min": 1, "max": _MOST_BYTES})
    metric: str = "bits_per_byte"
    seed: int = field(default=0, metadata={"min": 0, "max": 2**32 - 1})
    primary: tuple[str, ...] = ()
    margin_percent: float = field(default=0.5, metadata={"min": 0.0001, "max": 50.0})

    def unit_of(self, source: Source) -> str | None:
        """What is drawn of a source: `site`, `repository`, or documents (None)."""
        return next((word for word in self.held_out_by if word in source.declared.units), None)

    def wrong(self) -> tuple[str, str] | None:
        """A primary domain that is not scored would leave nothing to claim."""
        if "document" in self.held_out_by and len(self.held_out_by) > 1:
            return "held_out_by", "`document` stands alone: sources that know no others are drawn by it anyway"
        if not self.held_out_by:
            return "held_out_by", "say by what: document, site or repository"
        if unknown := [name for name in self.primary if name not in self.domains]:
            return "primary", f"`{unknown[0]}` is not among the domains: {', '.join(self.domains)}"
        return None


@dataclass(frozen=True)
class Recipe:
    """A whole recipe, resolved: every default filled in, `like` and implicit corpora written out.

    `decontamination`: how the evaluation sets are looked for in every corpus; None where they are not.
    """

    name: str
    path: Path
    sources: dict[str, Source]
    corpora: dict[str, Corpus]
    dedup: Dedup | None
    tokenizer: Tokenizer
    mixtures: dict[str, Mixture]
    training: Training
    comparison: Comparison | None
    token_shards: dict[str, TokenShards] = field(default_factory=dict)
    buckets: dict[str, Bucket] = field(default_factory=dict)
    evaluation_sets: dict[str, EvaluationSet] = field(default_factory=dict)
    decontamination: Decontamination | None = field(default_factory=Decontamination)
    places: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def place(self, key: str) -> str:
        """`file:line:column: key` for a message about a section, what stands in it, or a source's `paths[0]`."""
        return self.places.get(key, f"{self.path}: {key}")

    def whole(self, name: str) -> str:
        """The corpus that a name in a mixture is one of, or a bucket of."""
        return self.buckets[name].corpus if name in self.buckets else name

    @property
    def origins(self) -> Origins:
        """Where the code of people's own rules is that its corpora name."""
        steps = [step for corpus in self.corpora.values() for step in corpus.steps]
        return {step.spec.own_name: step.origin for step in steps if step.origin is not None}

    @property
    def earlier(self) -> dict[str, EarlierCorpus]:
        """The earlier corpora that steps are held against, by their digests."""
        return {corpus.digest: corpus for each in self.corpora.values() for step in each.steps if step.against
                for corpus in step.parameters.against.corpora}

    def to_json(self) -> dict[str, Any]:
        """The resolved recipe as JSON values, without the path it was read from."""
        return {
            "name": self.name,
            "sources": {name: source.to_json() for name, source in self.sources.items()},
            "corpora": {
                name: {"from": corpus.source, "steps": [step.to_json() for step in corpus.steps]}
                for name, corpus in self.corpora.items()
            } | {name: bucket.to_json() for name, bucket in self.buckets.items()},
            "dedup": parameters_json(self.dedup) if self.dedup else None,
            "tokenizer": dataclasses.asdict(self.tokenizer),
            "mixtures": {name: mixture.to_json() for name, mixture in self.mixtures.items()},
            "training": dataclasses.asdict(self.training),
            "comparison": dataclasses.asdict(self.comparison) if self.comparison else None,
            **({"token_shards": {name: dataclasses.asdict(shards) for name, shards in self.token_shards.items()}}
               if self.token_shards else {}),
            **({"evaluation_sets": {name: dataclasses.asdict(each) for name, each in self.evaluation_sets.items()},
                "decontamination": dataclasses.asdict(self.decontamination) if self.decontamination else False}
               if self.evaluation_sets else {}),
        }

    def identity_json(self) -> dict[str, Any]:
        """`to_json` without paths: what may stand in a step's parameters."""
        resolved = self.to_json()
        resolved["sources"] = {name: source.identity_json() for name, source in self.sources.items()}
        for section in ("token_shards", "evaluation_sets"):
            for each in resolved.get(section, {}).values():
                del each["paths"]
        del resolved["tokenizer"]["path"]
        del resolved["training"]["init_from"]  # its content is an input of the runs
        return resolved
