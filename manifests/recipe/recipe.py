"""The recipe: the YAML a person writes, read once into frozen types and checked before any work."""

import dataclasses
import re
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from maslin.manifests.recipe.mixtures import Mixture, read_mixture
from maslin.manifests.recipe.typed_yaml import Document, Node, convert, convert_dataclass, suggestion
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.steps.known import STEPS
from maslin.manifests.steps.presets import PRESETS
from maslin.manifests.steps.spec import CurationStep

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")  # names become directory names

_SHARE = {"min": 0.0, "max": 1.0}
_POSITIVE = {"min": 1}


@dataclass(frozen=True)
class Source:
    """What every kind of source has: paths (local, glob, https://, s3://) and the share of records that may fail."""

    LIBRARIES: ClassVar[tuple[str, ...]] = ()  # whose versions decide what its reader makes of it

    kind: str
    paths: tuple[str, ...]
    max_failed: float = field(default=0.05, metadata=_SHARE)

    def options(self) -> dict[str, Any]:
        """The settings that decide what is read, without where it lies."""
        shared = {entry.name for entry in dataclasses.fields(Source)}
        return {key: value for key, value in dataclasses.asdict(self).items() if key not in shared}


@dataclass(frozen=True)
class WarcSource(Source):
    """Web crawls. `max_page_bytes`: a larger HTML body is not parsed but dropped, with its size in the ledger.

    `extractor`: who finds the text of a page.
    """

    LIBRARIES: ClassVar[tuple[str, ...]] = ("resiliparse",)  # encodings of pages that announce none

    reader: Literal["fastwarc", "warcio"] = "fastwarc"
    max_page_bytes: int = field(default=2 << 20, metadata=_POSITIVE)
    extractor: Literal["maslin"] = "maslin"


@dataclass(frozen=True)
class WikipediaSource(Source):
    """MediaWiki pages-articles dumps."""


@dataclass(frozen=True)
class CodeSource(Source):
    """Source archives and folders. `max_file_bytes`: larger files are dropped."""

    LIBRARIES: ClassVar[tuple[str, ...]] = ("resiliparse",)

    max_file_bytes: int = field(default=1 << 20, metadata=_POSITIVE)


@dataclass(frozen=True)
class JsonlSource(Source):
    """Anyone's documents: a JSON object a line: `text` and, if known, `id`, `url`, `date`, `language`, `licence`."""


@dataclass(frozen=True)
class ParquetColumns:
    """The columns of a Parquet source that hold what documents have. Only that of the text must be there."""

    text: str = "text"
    id: str = "id"
    url: str = "url"
    date: str = "date"
    language: str = "language"
    licence: str = "licence"


@dataclass(frozen=True)
class ParquetSource(Source):
    """Anyone's documents, a row each, as Hugging Face datasets are stored. `columns`: where they have other names."""

    columns: ParquetColumns = ParquetColumns()


@dataclass(frozen=True)
class ChatSource(Source):
    """Conversations: a JSON object a line, with `messages`, or `instruction`, `input` and `output`."""


SOURCE_KINDS: dict[str, type[Source]] = {
    "warc": WarcSource, "wikipedia": WikipediaSource, "code": CodeSource, "jsonl": JsonlSource,
    "parquet": ParquetSource, "chat": ChatSource,
}


@dataclass(frozen=True)
class TokenShards:
    """Tokens made elsewhere with the recipe's tokenizer.

    `megatron`: .idx files, or their names without it, .bin beside; `parquet`: a row a document, its ids in `input_ids`.
    In mixtures they stand like a corpus. As nobody can say whether they hold held-out documents, none is compared.
    """

    kind: Literal["megatron", "parquet"]
    paths: tuple[str, ...]

    def file_patterns(self) -> list[str]:
        """Patterns of all files: of both of every pair of Megatron's."""
        if self.kind != "megatron":
            return list(self.paths)
        stems = [path.removesuffix(".idx").removesuffix(".bin") for path in self.paths]
        return [f"{stem}.{suffix}" for stem in stems for suffix in ("idx", "bin")]


@dataclass(frozen=True)
class Corpus:
    """What is kept of one source."""

    source: str
    steps: tuple[CurationStep, ...] = ()


@dataclass(frozen=True)
class Dedup:
    """Duplicates across corpora: a document of a later corpus goes when an earlier one has it."""

    across: tuple[str, ...]
    threshold: float = field(default=0.8, metadata={"min": 0.1, "max": 1.0})

    def near_dedup(self) -> NearDedup:
        return NearDedup(threshold=self.threshold)


@dataclass(frozen=True)
class Tokenizer:
    """One tokenizer a recipe: trained on an equal-bytes sample of all corpora in mixtures, or a file of one's own."""

    kind: Literal["bpe"] = "bpe"
    vocab_size: int = field(default=16384, metadata={"min": 257, "max": 2**20})
    sample_bytes: int = field(default=64 << 20, metadata={"min": 1024})
    path: str | None = None


@dataclass(frozen=True)
class Training:
    """How every run trains. What is left out follows from the model's size (`maslin.trainer.config`).

    `horizons`: shares of the tokens at which further runs, of `wsd` only, branch off and decay.
    `simulate_target_tokens`: each corpus is cut to so many of its documents that this run repeats them as often as a
    run of that many tokens would repeat the whole corpus.
    """

    model: str = "tiny"
    architecture: Literal["llama", "gpt2", "bert", "t5"] = "llama"
    objective: Literal["causal", "masked", "span_corruption", "sft"] | None = None
    tokens: int = field(default=2_000_000, metadata=_POSITIVE)
    seeds: int = field(default=3, metadata={"min": 1, "max": 1000})
    max_epochs: float = field(default=4.0, metadata={"min": 0.001, "max": 1000.0})
    simulate_target_tokens: int | None = field(default=None, metadata=_POSITIVE)
    init_from: str | None = None
    kv_heads: int | None = field(default=None, metadata=_POSITIVE)
    context_tokens: int | None = field(default=None, metadata={"min": 8, "max": 2**20})
    batch_tokens: int | None = field(default=None, metadata=_POSITIVE)
    micro_batch: int | None = field(default=None, metadata=_POSITIVE)
    learning_rate: float | None = field(default=None, metadata={"min": 1e-9, "max": 10.0})
    schedule: Literal["cosine", "linear", "wsd"] = "cosine"
    decay_share: float = field(default=0.2, metadata=_SHARE)
    horizons: tuple[float, ...] = ()
    optimizer: Literal["adamw", "muon"] = "adamw"
    z_loss: float = field(default=0.0, metadata={"min": 0.0, "max": 1.0})
    average_checkpoints: int = field(default=1, metadata={"min": 1, "max": 100})
    deterministic: bool = False
    together: int = field(default=1, metadata={"min": 1, "max": 64})


@dataclass(frozen=True)
class Comparison:
    """What is compared: every mixture against `baseline`, on held-out documents of these corpora.

    `held_out_share` of each domain's source (by duplicate group) is never trained on; `test_share` of that stays closed
    until `--final`. `max_bytes_per_domain` bounds what is scored, by `metric`.
    """

    baseline: str
    domains: tuple[str, ...]
    held_out_share: float = field(default=0.05, metadata={"min": 0.0001, "max": 0.5})
    test_share: float = field(default=0.2, metadata={"min": 0.0, "max": 0.9})
    max_bytes_per_domain: int = field(default=1_000_000, metadata=_POSITIVE)
    metric: Literal["bits_per_byte"] = "bits_per_byte"
    seed: int = field(default=0, metadata={"min": 0, "max": 2**32 - 1})


@dataclass(frozen=True)
class Recipe:
    """A whole recipe, resolved: every default filled in, `like` and implicit corpora written out."""

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
    places: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def place(self, key: str) -> str:
        """`file:line: key` for a message about `sources.<name>`, `tokenizer` or `training`."""
        return self.places.get(key, f"{self.path}: {key}")

    def to_json(self) -> dict[str, Any]:
        """The resolved recipe as JSON values, without the path it was read from."""
        return {
            "name": self.name,
            "sources": {name: dataclasses.asdict(source) for name, source in self.sources.items()},
            "corpora": {
                name: {"from": corpus.source, "steps": [step.to_json() for step in corpus.steps]}
                for name, corpus in self.corpora.items()
            },
            "dedup": dataclasses.asdict(self.dedup) if self.dedup else None,
            "tokenizer": dataclasses.asdict(self.tokenizer),
            "mixtures": {name: mixture.to_json() for name, mixture in self.mixtures.items()},
            "training": dataclasses.asdict(self.training),
            "comparison": dataclasses.asdict(self.comparison) if self.comparison else None,
            **({"token_shards": {name: dataclasses.asdict(shards) for name, shards in self.token_shards.items()}}
               if self.token_shards else {}),
        }

    def identity_json(self) -> dict[str, Any]:
        """`to_json` without paths: what may stand in a step's parameters."""
        resolved = self.to_json()
        for source in (*resolved["sources"].values(), *resolved.get("token_shards", {}).values()):
            del source["paths"]
        del resolved["tokenizer"]["path"]
        del resolved["training"]["init_from"]  # its content is an input of the runs
        return resolved


def read_recipe(path: Path) -> Recipe:
    """Read and check a recipe. Raises RecipeError with file, line and key for the first thing wrong."""
    root = Document(path).root
    entries = root.mapping()
    root.check_keys(
        entries,
        ["name", "sources", "token_shards", "corpora", "dedup", "tokenizer", "mixtures", "training", "comparison"])
    for key in ("name", "sources"):
        if key not in entries and (key == "name" or "token_shards" not in entries):
            root.fail(f"`{key}` is missing")
    name = convert(entries["name"], str)
    _check_name(entries["name"], name)
    sources = _read_sources(entries["sources"]) if "sources" in entries else {}
    corpora = _read_corpora(entries["corpora"], sources) if "corpora" in entries else {}

    def corpus_named(node: Node, corpus: str) -> None:
        if corpus in sources and corpus not in corpora:
            corpora[corpus] = Corpus(source=corpus)  # the implicit corpus of a source: the extracted text
        if corpus not in corpora:
            node.fail(f"no corpus or source is called `{corpus}`{suggestion(corpus, [*corpora, *sources])}")

    dedup = None
    if "dedup" in entries:
        dedup = convert_dataclass(entries["dedup"], Dedup)
        for item, corpus in zip(_list_or_one(entries["dedup"].mapping()["across"]), dedup.across, strict=True):
            corpus_named(item, corpus)
            if dedup.across.count(corpus) > 1:
                item.fail(f"`{corpus}` stands twice")
    token_shards = _read_token_shards(entries, {*sources, *corpora}) if "token_shards" in entries else {}

    def mixed(node: Node, corpus: str) -> None:
        if corpus not in token_shards:
            corpus_named(node, corpus)
        elif "comparison" in entries:
            node.fail(f"`{corpus}` are token shards: nobody can say whether they hold held-out documents, so they are "
                      "not compared. Give their text as a source, or take `comparison` out to train only")

    mixtures = _read_mixtures(entries["mixtures"], mixed) if "mixtures" in entries else {}
    comparison = None
    if "comparison" in entries:
        node = entries["comparison"]
        comparison = convert_dataclass(node, Comparison)
        if comparison.baseline not in mixtures:
            node.mapping()["baseline"].fail(
                f"no mixture is called `{comparison.baseline}`{suggestion(comparison.baseline, mixtures)}")
        items = _list_or_one(node.mapping()["domains"])
        if not items:
            node.mapping()["domains"].fail("name at least one corpus to score on")
        for item, corpus in zip(items, comparison.domains, strict=True):
            corpus_named(item, corpus)
            if comparison.domains.count(corpus) > 1:
                item.fail(f"`{corpus}` stands twice")
    training = _read_training(entries["training"]) if "training" in entries else Training()
    _check_horizons(training, mixtures, entries)
    return Recipe(
        name=name, path=path, sources=sources,
        corpora=corpora or {source: Corpus(source=source) for source in sources},
        dedup=dedup,
        tokenizer=_read_tokenizer(entries["tokenizer"]) if "tokenizer" in entries else Tokenizer(),
        mixtures=mixtures,
        training=training,
        comparison=comparison, token_shards=token_shards,
        places={
            node.path: node.place
            for node in (
                *entries.values(),
                *(child for key in ("sources", "token_shards") if key in entries
                  for child in entries[key].mapping().values()))
        },
    )


def _check_name(node: Node, name: str) -> None:
    if not NAME.fullmatch(name):
        node.fail(f"`{name}` cannot be a name: letters, digits, `.`, `_` and `-`, at most 80, no leading sign")


def _list_or_one(node: Node) -> list[Node]:
    return node.items() if node.is_list else [node]


def _read_sources(node: Node) -> dict[str, Source]:
    sources = {}
    for name, child in node.mapping().items():
        _check_name(child, name)
        entries = child.mapping()
        if "kind" not in entries:
            child.fail(f"`kind` is missing: one of {', '.join(SOURCE_KINDS)}")
        kind = convert(entries["kind"], Literal[tuple(SOURCE_KINDS)])  # type: ignore[valid-type]
        source = convert_dataclass(child, SOURCE_KINDS[kind])
        if not source.paths:
            entries["paths"].fail("name at least one path")
        sources[name] = source
    if not sources:
        node.fail("name at least one source")
    return sources


def _read_token_shards(entries: dict[str, Node], taken: set[str]) -> dict[str, TokenShards]:
    node = entries["token_shards"]
    if "tokenizer" not in entries or "path" not in entries["tokenizer"].mapping():
        node.fail("their ids are those of one tokenizer: say which with `tokenizer: {path: tokenizer.json}`")
    found = {}
    for name, child in node.mapping().items():
        _check_name(child, name)
        if name in taken:
            child.fail(f"`{name}` is a source or corpus already")
        found[name] = convert_dataclass(child, TokenShards)
        if not found[name].paths:
            child.mapping()["paths"].fail("name at least one path")
    return found


def _read_corpora(node: Node, sources: dict[str, Source]) -> dict[str, Corpus]:
    children = node.mapping()
    corpora: dict[str, Corpus] = {}

    def read(name: str, trail: tuple[str, ...]) -> Corpus:
        if name in corpora:
            return corpora[name]
        child = children[name]
        entries = child.mapping()
        if "like" in entries:
            child.check_keys(entries, ["like", "set"])
            like = convert(entries["like"], str)
            if like in trail:
                entries["like"].fail(f"goes round in a circle: {' → '.join((*trail, like))}")
            if like not in children:
                entries["like"].fail(f"no corpus is called `{like}`{suggestion(like, children)}")
            base = read(like, (*trail, like))
            steps = with_settings(base.steps, entries["set"]) if "set" in entries else base.steps
            corpus = Corpus(source=base.source, steps=steps)
        else:
            child.check_keys(entries, ["from", "steps"])
            if "from" not in entries:
                child.fail("`from` is missing: the source this corpus is made of (or `like`: another corpus)")
            source = convert(entries["from"], str)
            if source not in sources:
                entries["from"].fail(f"no source is called `{source}`{suggestion(source, sources)}")
            corpus = Corpus(source=source, steps=_read_steps(entries["steps"]) if "steps" in entries else ())
        corpora[name] = corpus
        return corpus

    for name, child in children.items():
        _check_name(child, name)
        read(name, (name,))
    return {  # only now: what a variant fills in is not to be taken for what `like` has written
        name: Corpus(corpora[name].source, tuple(step.resolved() for step in corpora[name].steps))
        for name in children
    }


def _read_steps(node: Node) -> tuple[CurationStep, ...]:
    steps: list[CurationStep] = []
    for item in [] if node.is_null else node.items():
        if item.is_mapping:
            entries = item.mapping()
            if len(entries) != 1:
                item.fail("one step an entry: `- name: {parameters}`")
            ((name, parameters),) = entries.items()
        else:
            name, parameters = convert(item, str), None
        if name in PRESETS:
            if parameters is not None and not parameters.is_null and parameters.mapping():
                names = ", ".join(step.name for step in PRESETS[name].steps)
                parameters.fail(
                    f"`{name}` takes no parameters: it stands for {names}; write these out to change them")
            steps += PRESETS[name].steps
            continue
        if name not in STEPS:
            (parameters or item).fail(f"no step is called `{name}`{suggestion(name, [*STEPS, *PRESETS])}")
        spec = STEPS[name]
        steps.append(CurationStep(
            spec, convert_dataclass(parameters, spec.parameters) if parameters else spec.parameters()))
    return tuple(steps)


def with_settings(steps: tuple[CurationStep, ...], node: Node) -> tuple[CurationStep, ...]:
    """Replace single parameters of the steps: `set: {c4.code: keep}`. Raises RecipeError for what they do not have."""
    changed = list(steps)
    for key, child in node.mapping().items():
        step_name, _, parameter = key.partition(".")
        places = [index for index, step in enumerate(steps) if step.name == step_name]
        if not places:
            names = [step.name for step in steps]
            child.fail(f"the corpus has no step `{step_name}`{suggestion(step_name, names)}")
        if len(places) > 1:
            child.fail(f"the corpus has {len(places)} steps `{step_name}`: write the steps out instead")
        step = changed[places[0]]
        fields = {entry.name: entry for entry in dataclasses.fields(step.parameters)}
        if parameter not in fields:
            child.fail(f"step `{step_name}` has no parameter `{parameter}`{suggestion(parameter, fields)}")
        kind = typing.get_type_hints(type(step.parameters))[parameter]
        value = convert(child, kind, fields[parameter].metadata)
        changed[places[0]] = CurationStep(step.spec, dataclasses.replace(step.parameters, **{parameter: value}))
    return tuple(changed)


def _read_tokenizer(node: Node) -> Tokenizer:
    tokenizer = convert_dataclass(node, Tokenizer)
    if tokenizer.path is not None and any(key in node.mapping() for key in ("kind", "vocab_size", "sample_bytes")):
        node.fail("give either `path` or `kind` with its settings, not both")
    return tokenizer


def _read_training(node: Node) -> Training:
    training = convert_dataclass(node, Training)
    for share in training.horizons:
        if not 0 < share <= 1:
            node.mapping()["horizons"].fail(f"{share:g} is no share of the run's tokens: above 0, at most 1")
    target = training.simulate_target_tokens
    if target is not None and target < training.tokens:
        node.mapping()["simulate_target_tokens"].fail(
            f"{target:,} is less than `tokens`, {training.tokens:,}: name the budget of the long run they stand for")
    return training


def _check_horizons(training: Training, mixtures: dict[str, Mixture], entries: dict[str, Node]) -> None:
    """Runs to different horizons are one run until their decay: no stage may end, as it decides the order before it."""
    for name, mixture in mixtures.items():
        if training.horizons and len(mixture.stages) > 1:
            entries["mixtures"].mapping()[name].fail(
                "stages do not go with training.horizons: where a stage ends decides which corpora come shortly "
                "before, so that runs to different horizons would not begin alike")


def _read_mixtures(node: Node, corpus_named: typing.Callable[[Node, str], None]) -> dict[str, Mixture]:
    mixtures = {}
    for name, child in node.mapping().items():
        _check_name(child, name)
        mixtures[name] = read_mixture(child, corpus_named)
    return mixtures
