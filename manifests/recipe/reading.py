"""Reading a recipe: the YAML a person writes, read once into frozen types and checked before any work."""

import dataclasses
import re
import typing
from pathlib import Path
from typing import Any

from maslin.manifests.errors import UsageError
from maslin.manifests.recipe.mixtures import Mixture, read_mixture
from maslin.manifests.recipe.recipe import Comparison, Corpus, Dedup, Recipe, Tokenizer, Training
from maslin.manifests.recipe.sources import Source, TokenShards, read_source
from maslin.manifests.recipe.typed_yaml import (
    Document,
    Node,
    check_whole,
    convert,
    convert_dataclass,
    suggestion,
)
from maslin.manifests.steps.dedup import ONE_EXTRACTOR, OneExtractor
from maslin.manifests.steps.known import STEPS
from maslin.manifests.steps.presets import PRESETS
from maslin.manifests.steps.spec import CurationStep, Origin

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")  # names become directory names


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
    corpora = _read_corpora(entries["corpora"], sources, path.parent) if "corpora" in entries else {}

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
        comparison = dataclasses.replace(comparison, primary=comparison.primary or comparison.domains)
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
                *(child for key in ("sources", "token_shards", "training", "comparison")
                  if key in entries and not entries[key].is_null for child in entries[key].mapping().values()))
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
        sources[name] = read_source(child)
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


def _read_corpora(node: Node, sources: dict[str, Source], folder: Path) -> dict[str, Corpus]:
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
            corpus = Corpus(source=source, steps=_read_steps(entries["steps"], folder) if "steps" in entries else ())
        corpora[name] = corpus
        return corpus

    for name, child in children.items():
        _check_name(child, name)
        read(name, (name,))
    return {  # only now: what a variant fills in is not to be taken for what `like` has written
        name: Corpus(corpora[name].source, tuple(
            step.resolved() for step in _with_one_variant(corpora[name].steps, sources[corpora[name].source])))
        for name in children
    }


def _with_one_variant(steps: tuple[CurationStep, ...], source: Source) -> tuple[CurationStep, ...]:
    """The choice among a record's variants, unless the recipe says where: before steps that look at all documents."""
    if not source.has_variants or any(step.spec is ONE_EXTRACTOR for step in steps):
        return steps
    place = next((index for index, step in enumerate(steps) if step.is_barrier), len(steps))
    return (*steps[:place], CurationStep(ONE_EXTRACTOR, OneExtractor()), *steps[place:])


def _read_steps(node: Node, folder: Path) -> tuple[CurationStep, ...]:
    steps: list[CurationStep] = []
    for item in [] if node.is_null else node.items():
        if item.is_mapping:
            entries = item.mapping()
            if len(entries) != 1:
                item.fail("one step an entry: `- name: {parameters}`")
            ((name, parameters),) = entries.items()
        else:
            name, parameters = convert(item, str), None
        if name == "rule":
            steps.append(_read_own_rule(parameters or item, folder))
            continue
        if name in PRESETS:
            if parameters is not None and not parameters.is_null and parameters.mapping():
                names = ", ".join(step.name for step in PRESETS[name].steps)
                parameters.fail(
                    f"`{name}` takes no parameters: it stands for {names}; write these out to change them")
            steps += PRESETS[name].steps
            continue
        if name not in STEPS:
            (parameters or item).fail(f"no step is called `{name}`{suggestion(name, [*STEPS, *PRESETS])}")
        steps.append(CurationStep(STEPS[name], _filled(parameters, item, STEPS[name].parameters)))
    return tuple(steps)


def _filled(node: Node | None, parent: Node, kind: type) -> Any:
    """A step's parameters; without a node all are at their defaults."""
    if node is None:
        missing = [each.name for each in dataclasses.fields(kind) if each.default is dataclasses.MISSING]
        if missing:
            parent.fail(f"`{missing[0]}` is missing")
        return kind()
    return convert_dataclass(node, kind)


def _read_own_rule(node: Node, folder: Path) -> CurationStep:
    """A person's own rule, whose code is loaded: `rule: {file: my_rules.py, name: …, with: {…}}`.

    `file` is relative to the recipe's folder; without it an installed package has the rule.
    """
    from maslin.manifests.steps.own import load  # here: only such a recipe needs it

    entries = node.mapping()
    node.check_keys(entries, ["file", "name", "with"])
    if "name" not in entries:
        node.fail("`name` is missing: which rule of the file, or of an installed package")
    name = convert(entries["name"], str)
    file = (folder / Path(convert(entries["file"], str)).expanduser()).absolute() if "file" in entries else None
    origin = Origin(name, file)
    try:
        spec = load(origin).spec
    except UsageError as error:
        entries["file" if file is not None and not file.is_file() else "name"].fail(str(error))
    return CurationStep(spec, _filled(entries.get("with"), node, spec.parameters), origin)


def with_settings(steps: tuple[CurationStep, ...], node: Node) -> tuple[CurationStep, ...]:
    """Replace single parameters of the steps: `set: {c4.code: keep}`. Raises RecipeError for what they do not have."""
    changed = list(steps)
    entries = node.mapping()
    for key, child in entries.items():
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
        changed[places[0]] = dataclasses.replace(
            step, parameters=dataclasses.replace(step.parameters, **{parameter: value}))
    for old, new in zip(steps, changed, strict=True):
        if new != old:
            written = {key.partition(".")[2]: child for key, child in entries.items() if key.startswith(f"{new.name}.")}
            check_whole(new.parameters, written, node)
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
