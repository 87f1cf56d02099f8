"""Reading a recipe: the YAML a person writes, read once into frozen types and checked before any work."""

import dataclasses
import re
import typing
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from maslin.manifests.errors import UsageError
from maslin.manifests.recipe.buckets import check_apart, is_bucket, read_bucket
from maslin.manifests.recipe.evaluation_sets import EvaluationSet, read_decontamination, read_evaluation_set
from maslin.manifests.recipe.faults import BROKEN, is_whole
from maslin.manifests.recipe.mixtures import Mixture, read_mixture
from maslin.manifests.recipe.paths import REMOTE_SCHEMES, check_paths, find_files, written_out
from maslin.manifests.recipe.recipe import Bucket, Comparison, Corpus, Dedup, Recipe, Tokenizer, Training
from maslin.manifests.recipe.sources import Source, SourceKind, TokenShards, read_source
from maslin.manifests.recipe.typed_yaml import (
    Document,
    Node,
    check_whole,
    convert,
    convert_dataclass,
    not_one_of,
    suggestion,
)
from maslin.manifests.steps.decontamination import Decontamination
from maslin.manifests.steps.dedup import ONE_EXTRACTOR, OneExtractor
from maslin.manifests.steps.known import STEPS
from maslin.manifests.steps.presets import PRESETS
from maslin.manifests.steps.spec import CurationStep, Origin

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")  # names become directory names
_SECTIONS = ["name", "sources", "token_shards", "corpora", "dedup", "evaluation_sets", "decontamination", "tokenizer",
             "mixtures", "training", "comparison"]


@dataclasses.dataclass(frozen=True)
class Checks:
    """What only others know of a recipe.

    `words`: of keys as `training.model`, the words there are. `training` gives, of a section that is right so far, keys
    and what is wrong with them. `paths`: where something is wrong, also tell of paths that name nothing; who finds the
    inputs of a recipe that is right tells of them.
    """

    words: Mapping[str, Collection[str]] = dataclasses.field(default_factory=dict)
    training: Callable[[Training], Iterable[tuple[str, str]]] = lambda training: ()
    paths: bool = False


def read_recipe(path: Path, checks: Checks = Checks()) -> Recipe:
    """Read and check a recipe. Raises RecipeError with all that is wrong with it: a line each, as they stand in it."""
    document = Document(path)
    recipe = document.faults.attempt(_Reading(document.root, path, checks).recipe)
    document.faults.tell()
    return recipe


class _Reading:
    """The sections of a recipe, one after the other; a fault in one does not keep the others from being read.

    Names of sources, corpora, token shards and mixtures are known by their sections' keys, whatever is wrong with what
    they stand for; None where a section is missing or no mapping, so that nothing can be said of references to it.
    """

    def __init__(self, root: Node, path: Path, checks: Checks) -> None:
        self.root, self.path, self.checks = root, path, checks
        self.attempt = root.faults.attempt
        self.entries: dict[str, Node] = {}
        self.sources: dict[str, Source] | None = None
        self.corpora: dict[str, Corpus] | None = {}
        self.buckets: dict[str, Bucket] = {}
        self.token_shards: dict[str, TokenShards] | None = {}
        self.evaluation_sets: dict[str, EvaluationSet] | None = {}

    def recipe(self) -> Recipe:
        root = self.root
        self.entries = root.mapping()
        required = ["name", *(["sources"] if "token_shards" not in self.entries else [])]
        root.check_keys(self.entries, _SECTIONS, required)
        for key in required:
            if key not in self.entries:
                root.faults.add(root.missing(key))
        if "sources" not in self.entries and "token_shards" in self.entries:
            self.sources = {}
        name = self._section("name", _read_name, "")
        self.sources = self._section("sources", _read_sources, self.sources)
        self.corpora = self._section("corpora", self._read_corpora, {})
        dedup = self._section("dedup", self._read_dedup, None)
        self.evaluation_sets = self._section("evaluation_sets", _read_evaluation_sets, {})
        decontamination = self._section("decontamination", self._read_decontamination, Decontamination())
        self.token_shards = self._section("token_shards", self._read_token_shards, {})
        mixtures = self._section("mixtures", self._read_mixtures, {})
        tokenizer = self._section("tokenizer", _read_tokenizer, Tokenizer())
        training = self._section("training", self._read_training, Training())
        self._check_horizons(training, mixtures)
        comparison = self._section("comparison", partial(self._read_comparison, mixtures=mixtures), None)
        if root.faults:
            if self.checks.paths:
                self._look_for_files()
            return BROKEN
        return Recipe(
            name=name, path=self.path, sources=self.sources,
            corpora=self.corpora or {source: Corpus(source=source) for source in self.sources},
            dedup=dedup, tokenizer=tokenizer, mixtures=mixtures, training=training, comparison=comparison,
            token_shards=self.token_shards, evaluation_sets=self.evaluation_sets, decontamination=decontamination,
            buckets=self.buckets, places=dict(_places(self.entries)))

    def _section(self, key: str, read: Callable[[Node], Any], otherwise: Any) -> Any:
        """What is read of a section; None where it is wrong as a whole."""
        if key not in self.entries:
            return otherwise
        found = self.attempt(partial(read, self.entries[key]))
        return None if found is BROKEN else found

    def _read_corpora(self, node: Node) -> dict[str, Corpus]:
        """The corpora; those that are a part of another one are `buckets`."""
        children = node.mapping()
        parts = {name: child for name, child in children.items() if is_bucket(child)}
        whole = {name: child for name, child in children.items() if name not in parts}
        corpora = _read_corpora(node, whole, self.sources, self.path.parent)
        for name, child in parts.items():
            with node.faults.gathered():
                _check_name(child, name)
            self.buckets[name] = self.attempt(partial(read_bucket, child, corpora))
        return corpora

    def _corpus_named(self, node: Node, corpus: str, at_key: bool = False) -> None:
        """See that there is a corpus; a source's, the extracted text, is there once it is named."""
        if corpus in self.buckets:
            raise node.fault(f"`{corpus}` is a part of a corpus, and stands in mixtures only: name the whole", at_key)
        if self.corpora is None or self.sources is None or corpus in self.corpora or corpus is BROKEN:
            return
        if corpus not in self.sources:
            known = suggestion(corpus, [*self.corpora, *self.sources])
            raise node.fault(f"no corpus or source is called `{corpus}`{known}", at_key)
        self.corpora[corpus] = Corpus(source=corpus)

    def _mixed(self, node: Node, corpus: str) -> None:
        """See that there is a corpus, a part of one, or token shards, that a mixture names as a key."""
        if corpus in self.buckets:
            return
        if self.token_shards is None or corpus not in self.token_shards:
            if self.token_shards is not None:
                self._corpus_named(node, corpus, at_key=True)
        elif "comparison" in self.entries:
            raise node.fault(
                f"`{corpus}` are token shards: nobody can say whether they hold held-out documents, so they are "
                "not compared. Give their text as a source, or take `comparison` out to train only", at_key=True)

    def _each_once(self, node: Node, corpora: tuple[str, ...]) -> None:
        """See that there are these corpora, and none stands twice."""
        for index, (item, corpus) in enumerate(zip(_list_or_one(node), corpora, strict=True)):
            with node.faults.gathered():
                self._corpus_named(item, corpus)
                if corpus is not BROKEN and corpus in corpora[:index]:
                    item.fail(f"`{corpus}` stands twice")

    def _read_dedup(self, node: Node) -> Dedup:
        entries = node.mapping()
        dedup = convert_dataclass(node, Dedup, entries=entries)
        if "across" in entries and dedup.across is not BROKEN:
            self._each_once(entries["across"], dedup.across)
        return dedup

    def _read_decontamination(self, node: Node) -> Decontamination | None:
        if "evaluation_sets" not in self.entries and not node.is_null:
            raise node.fault("there is nothing to look for: name `evaluation_sets`, too", at_key=True)
        return read_decontamination(node)

    def _read_token_shards(self, node: Node) -> dict[str, TokenShards]:
        tokenizer = self.entries.get("tokenizer")
        if tokenizer is None or (tokenizer.is_mapping and "path" not in tokenizer.mapping()):
            node.faults.add(node.fault(
                "their ids are those of one tokenizer: say which with `tokenizer: {path: tokenizer.json}`"))
        found = {}
        for name, child in node.mapping().items():
            with node.faults.gathered():
                _check_name(child, name)
                if name in (self.sources or {}) or name in (self.corpora or {}) or name in self.buckets:
                    raise child.fault(f"`{name}` is a source or corpus already", at_key=True)
            found[name] = self.attempt(partial(_read_shards, child))
        return found

    def _read_mixtures(self, node: Node) -> dict[str, Mixture]:
        mixtures = {}
        for name, child in node.mapping().items():
            with node.faults.gathered():
                _check_name(child, name)
            mixtures[name] = self.attempt(partial(read_mixture, child, self._mixed))
            if mixtures[name] is not BROKEN and self.buckets and BROKEN not in self.buckets.values():
                check_apart(child, mixtures[name].weights, self.buckets)
        return mixtures

    def _read_comparison(self, node: Node, mixtures: dict[str, Mixture] | None) -> Comparison:
        entries = node.mapping()
        comparison = convert_dataclass(node, Comparison, entries=entries)
        baseline = comparison.baseline
        if baseline is not BROKEN and mixtures is not None and baseline not in mixtures and (
                mixtures or "mixtures" not in self.entries):
            node.faults.add(entries["baseline"].fault(
                f"no mixture is called `{baseline}`{suggestion(baseline, mixtures)}"))
        if comparison.domains is not BROKEN:
            if not comparison.domains:
                node.faults.add(entries["domains"].fault("name at least one corpus to score on"))
            self._each_once(entries["domains"], comparison.domains)
            self._check_held_out_by(comparison, entries)
        self._check_words("comparison", comparison, entries)
        if is_whole(comparison):
            comparison = dataclasses.replace(comparison, primary=comparison.primary or comparison.domains)
        return comparison

    def _check_held_out_by(self, comparison: Comparison, entries: Mapping[str, Node]) -> None:
        """See that a source of the domains knows what they are to be held out by."""
        asked = comparison.held_out_by
        if "held_out_by" not in entries or not is_whole(asked) or not asked or "document" in asked:
            return
        scored: dict[str, Source] = {}
        for name in comparison.domains:
            corpus = (self.corpora or {}).get(name, BROKEN)
            source = BROKEN if corpus is BROKEN else (self.sources or {}).get(corpus.source, BROKEN)
            if source is BROKEN or source.kind is BROKEN:
                return
            scored[corpus.source] = source
        if scored and not {word for source in scored.values() for word in source.declared.units}.intersection(asked):
            told = (f"{name} ({source.kind}) {' or '.join(source.declared.units) or 'neither'}"
                    for name, source in scored.items())
            entries["held_out_by"].fail(f"no source of the domains tells a {' or '.join(asked)}: {'; '.join(told)}")

    def _read_training(self, node: Node) -> Training:
        entries = {} if node.is_null else node.mapping()
        training = convert_dataclass(node, Training, entries=entries)
        self._check_words("training", training, entries)
        for item, share in zip(_list_or_one(entries["horizons"]), training.horizons, strict=True) if (
                "horizons" in entries and training.horizons is not BROKEN) else ():
            if share == 0:
                node.faults.add(item.fault("0 is no share of the run's tokens: above 0, at most 1"))
        target = training.simulate_target_tokens
        if BROKEN not in (target, training.tokens) and target is not None and target < training.tokens:
            node.faults.add(entries["simulate_target_tokens"].fault(
                f"{target:,} is less than `tokens`, {training.tokens:,}: name the budget of the long run they stand "
                "for"))
        if "init_from" in entries and training.init_from is not BROKEN:
            with node.faults.gathered():
                written_out(entries["init_from"], training.init_from)
        if is_whole(training) and self._words_are_known("training", training):
            for key, words in self.checks.training(training):
                node.faults.add(entries.get(key, node).fault(words))
        return training

    def _check_words(self, section: str, values: Any, entries: Mapping[str, Node]) -> None:
        """See that words of a section are those that there are."""
        for key, known in self._words_of(section).items():
            word = getattr(values, key)
            if word is not BROKEN and word not in (None, *known):
                self.root.faults.add(entries[key].fault(not_one_of(word, known)))

    def _words_are_known(self, section: str, values: Any) -> bool:
        return all(getattr(values, key) in (None, *known) for key, known in self._words_of(section).items())

    def _words_of(self, section: str) -> dict[str, Collection[str]]:
        return {key.partition(".")[2]: known for key, known in self.checks.words.items()
                if key.startswith(f"{section}.")}

    def _check_horizons(self, training: Training | None, mixtures: dict[str, Mixture] | None) -> None:
        """Runs to different horizons are one run until their decay: no stage may end, as it decides the order."""
        for name, mixture in (mixtures or {}).items():
            horizons = training.horizons if training is not None else ()
            if horizons and is_whole(horizons) and mixture is not BROKEN and len(mixture.stages) > 1:
                node = self.entries["mixtures"].mapping()[name]
                node.faults.add(node.fault(
                    "stages do not go with training.horizons: where a stage ends decides which corpora come shortly "
                    "before, so that runs to different horizons would not begin alike"))

    def _look_for_files(self) -> None:
        """Add faults for paths that name nothing."""
        for name, source in (self.sources or {}).items():
            if source is not BROKEN and source.crawl is None and is_whole((source.kind, source.options)):
                self._look_for(f"sources.{name}", source.paths, source.declared)
        for name, each in (self.evaluation_sets or {}).items():
            if each is not BROKEN:
                self._look_for(f"evaluation_sets.{name}", each.paths, each)

    def _look_for(self, place: str, paths: tuple[str, ...], declared: SourceKind | EvaluationSet) -> None:
        """Add faults for those of the paths that name nothing; `declared` says which files of a folder are read."""
        section, _, name = place.partition(".")
        node = self.entries[section].mapping()[name].mapping().get("paths")
        if node is None or paths is BROKEN:
            return
        for item, path in zip(_list_or_one(node), paths, strict=True):
            if path is not BROKEN and urlsplit(path).scheme not in REMOTE_SCHEMES:
                try:
                    find_files(path, self.path.parent, declared.is_input, declared.folders_are_inputs)
                except UsageError as error:
                    node.faults.add(item.fault(str(error)))


def _places(entries: Mapping[str, Node]) -> typing.Iterator[tuple[str, str]]:
    """The places of sections and of what stands in them, by their paths of keys."""
    for key, node in entries.items():
        yield key, node.place
        children = node.mapping() if node.is_mapping else {}
        for name, child in children.items():
            yield f"{key}.{name}", child.place
            if key in ("sources", "token_shards", "evaluation_sets"):
                if (paths := child.mapping().get("paths")) is None:
                    continue
                yield f"{key}.{name}.paths", paths.place
                for index, item in enumerate(_list_or_one(paths)):
                    yield f"{key}.{name}.paths[{index}]", item.place


def _read_name(node: Node) -> str:
    name = convert(node, str)
    _check_name(node, name)
    return name


def _check_name(node: Node, name: str) -> None:
    if not NAME.fullmatch(name):
        shown = name if len(name) <= 100 else f"{name[:100]}…"
        raise node.fault(f"`{shown}` cannot be a name: letters, digits, `.`, `_` and `-`, at most 80, no leading sign",
                         at_key=node.path != "name")


def _list_or_one(node: Node) -> list[Node]:
    return node.items() if node.is_list else [node]


def _read_sources(node: Node) -> dict[str, Source]:
    sources = {}
    for name, child in node.mapping().items():
        with node.faults.gathered():
            _check_name(child, name)
        sources[name] = node.faults.attempt(partial(read_source, child))
    if not sources:
        node.fail("name at least one source")
    return sources


def _read_evaluation_sets(node: Node) -> dict[str, EvaluationSet]:
    sets = {}
    for name, child in node.mapping().items():
        with node.faults.gathered():
            _check_name(child, name)
        sets[name] = node.faults.attempt(partial(read_evaluation_set, child))
    if not sets:
        node.fail("name at least one set")
    return sets


def _read_shards(node: Node) -> TokenShards:
    entries = node.mapping()
    shards = convert_dataclass(node, TokenShards, entries=entries)
    if shards.paths is not BROKEN:
        check_paths(entries["paths"], shards.paths)
    return shards


def _read_corpora(
    node: Node, children: Mapping[str, Node], sources: dict[str, Source] | None, folder: Path,
) -> dict[str, Corpus]:
    corpora: dict[str, Corpus] = {}

    def read(name: str, trail: tuple[str, ...]) -> Corpus:
        """A corpus; its steps are BROKEN where they are wrong, or those that it is like."""
        if name in corpora:
            return corpora[name]
        corpora[name] = Corpus(source=BROKEN, steps=BROKEN)  # what others that are like it find when reading fails
        with node.faults.gathered():
            corpora[name] = read_anew(children[name], trail)
        return corpora[name]

    def read_anew(child: Node, trail: tuple[str, ...]) -> Corpus:
        entries = child.mapping()
        if "like" in entries:
            child.check_keys(entries, ["like", "set"])
            like = convert(entries["like"], str)
            if like in trail:
                entries["like"].fail(f"goes round in a circle: {' → '.join((*trail, like))}")
            if like not in children:
                entries["like"].fail(f"no corpus is called `{like}`{suggestion(like, children)}")
            base = read(like, (*trail, like))
            steps = base.steps
            if "set" in entries and steps is not BROKEN:
                steps = with_settings(steps, entries["set"])
            return Corpus(source=base.source, steps=steps)
        child.check_keys(entries, ["from", "steps"], ["from"])
        source = BROKEN
        if "from" not in entries:
            node.faults.add(child.missing("from", "the source this corpus is made of (or `like`: another corpus)"))
        else:
            source = node.faults.attempt(partial(_read_from, entries["from"], sources))
        steps = ()
        if "steps" in entries:
            steps = node.faults.attempt(partial(_read_steps, entries["steps"], folder))
        return Corpus(source=source, steps=steps)

    for name, child in children.items():
        with node.faults.gathered():
            _check_name(child, name)
        read(name, (name,))
    if node.faults:
        return corpora
    assert sources is not None
    return {  # only now: what a variant fills in is not to be taken for what `like` has written
        name: Corpus(corpora[name].source, tuple(
            step.resolved() for step in _with_one_variant(corpora[name].steps, sources[corpora[name].source])))
        for name in children
    }


def _read_from(node: Node, sources: dict[str, Source] | None) -> str:
    source = convert(node, str)
    if sources is not None and source not in sources:
        node.fail(f"no source is called `{source}`{suggestion(source, sources)}")
    return source


def _with_one_variant(steps: tuple[CurationStep, ...], source: Source) -> tuple[CurationStep, ...]:
    """The choice among a record's variants, unless the recipe says where: before steps that look at all documents."""
    if not source.has_variants or any(step.spec is ONE_EXTRACTOR for step in steps):
        return steps
    place = next((index for index, step in enumerate(steps) if step.is_barrier), len(steps))
    return (*steps[:place], CurationStep(ONE_EXTRACTOR, OneExtractor()), *steps[place:])


def _read_steps(node: Node, folder: Path) -> tuple[CurationStep, ...]:
    """The steps of a list, presets written out; BROKEN when one of them is wrong."""
    found = [node.faults.attempt(partial(_read_step, item, folder)) for item in ([] if node.is_null else node.items())]
    return BROKEN if BROKEN in found else tuple(step for steps in found for step in steps)


def _read_step(item: Node, folder: Path) -> tuple[CurationStep, ...]:
    """The step of an entry, or those of a preset. Fails, or is BROKEN where its parameters are."""
    parameters: Node | None = None
    if item.is_mapping:
        entries = item.mapping()
        if len(entries) != 1:
            item.fail("one step an entry: `- name: {parameters}`")
        ((name, parameters),) = entries.items()
    else:
        name = convert(item, str)
    if name == "rule":
        step = _read_own_rule(parameters or item, folder)
        return BROKEN if step is BROKEN else (step,)
    if name in PRESETS:
        if parameters is not None and not parameters.is_null and parameters.mapping():
            names = ", ".join(step.name for step in PRESETS[name].steps)
            parameters.fail(
                f"`{name}` takes no parameters: it stands for {names}; write these out to change them")
        return PRESETS[name].steps
    if name not in STEPS:
        raise (parameters or item).fault(f"no step is called `{name}`{suggestion(name, [*STEPS, *PRESETS])}", at_key=(
            parameters is not None))
    filled = _filled(parameters, item, STEPS[name].parameters)
    return (CurationStep(STEPS[name], filled),) if is_whole(filled) else BROKEN


def _filled(node: Node | None, parent: Node, kind: type) -> Any:
    """A step's parameters; without a node all are at their defaults."""
    if node is None:
        missing = [each.name for each in dataclasses.fields(kind) if each.default is dataclasses.MISSING]
        if missing:
            parent.fail(f"`{missing[0]}` is missing")
        return kind()
    return convert_dataclass(node, kind)


def _read_own_rule(node: Node, folder: Path) -> CurationStep:
    """A person's own rule, whose code is loaded: `rule: {file: my_rules.py, name: …, with: {…}}`; BROKEN if it is.

    `file` is relative to the recipe's folder; without it an installed package has the rule.
    """
    from maslin.manifests.steps.own import load  # here: only such a recipe needs it

    entries = node.mapping()
    node.check_keys(entries, ["file", "name", "with"])
    if "name" not in entries:
        raise node.missing("name", "which rule of the file, or of an installed package")
    name = convert(entries["name"], str)
    file = None
    if "file" in entries:
        file = (folder / written_out(entries["file"], convert(entries["file"], str))).absolute()
    origin = Origin(name, file)
    try:
        spec = load(origin).spec
    except UsageError as error:
        entries["file" if file is not None and not file.is_file() else "name"].fail(str(error))
    filled = _filled(entries.get("with"), node, spec.parameters)
    return CurationStep(spec, filled, origin) if is_whole(filled) else BROKEN


def with_settings(steps: tuple[CurationStep, ...], node: Node) -> tuple[CurationStep, ...]:
    """Replace single parameters of the steps: `set: {c4.code: keep}`; BROKEN for what they do not have.

    What is wrong is added to the node's faults.
    """
    changed = list(steps)
    entries = node.mapping()
    whole = True
    for key, child in entries.items():
        if node.faults.attempt(partial(_set, changed, key, child)) is BROKEN:
            whole = False
    for old, new in zip(steps, changed, strict=True):
        if new != old and whole:
            written = {key.partition(".")[2]: child for key, child in entries.items() if key.startswith(f"{new.name}.")}
            check_whole(new.parameters, written, node)
    return tuple(changed) if whole else BROKEN


def _set(steps: list[CurationStep], key: str, node: Node) -> None:
    """Replace one parameter."""
    step_name, _, parameter = key.partition(".")
    places = [index for index, step in enumerate(steps) if step.name == step_name]
    if not places:
        names = [step.name for step in steps]
        raise node.fault(f"the corpus has no step `{step_name}`{suggestion(step_name, names)}", at_key=True)
    if len(places) > 1:
        raise node.fault(f"the corpus has {len(places)} steps `{step_name}`: write the steps out instead", at_key=True)
    step = steps[places[0]]
    fields = {entry.name: entry for entry in dataclasses.fields(step.parameters)}
    if parameter not in fields:
        raise node.fault(
            f"step `{step_name}` has no parameter `{parameter}`{suggestion(parameter, fields)}", at_key=True)
    kind = typing.get_type_hints(type(step.parameters))[parameter]
    value = convert(node, kind, fields[parameter].metadata)
    steps[places[0]] = dataclasses.replace(
        step, parameters=dataclasses.replace(step.parameters, **{parameter: value}))


def _read_tokenizer(node: Node) -> Tokenizer:
    entries = {} if node.is_null else node.mapping()
    tokenizer = convert_dataclass(node, Tokenizer, entries=entries)
    if "path" in entries and any(key in entries for key in ("kind", "vocab_size", "sample_bytes")):
        node.fail("give either `path` or `kind` with its settings, not both")
    if "path" in entries and isinstance(tokenizer.path, str):
        written_out(entries["path"], tokenizer.path)
    return tokenizer
