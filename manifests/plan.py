"""From a recipe to the graph of steps, by digests alone: what has to be there, before anything is done."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from maslin.manifests.chatml import SPECIAL_TOKENS
from maslin.manifests.kinds import KINDS, versions
from maslin.manifests.recipe.evaluation_sets import ROLE
from maslin.manifests.recipe.initial_model import InitialModel
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.recipe import Bucket, Corpus, Recipe
from maslin.manifests.steps.dedup import HeldOutOverlap, NearDedup
from maslin.manifests.steps.spec import CurationStep, held_against_others, parameters_json
from maslin.manifests.workspace import Step

VALIDATION = "validation:"  # the roles of the held-out token shards among a run's inputs


@dataclass(frozen=True)
class Plan:
    """Every step a recipe needs, by its name in the recipe. `runs` and `evaluations` are named `<mixture>-s<seed>`.

    `initial` is the model that all runs go on from. `groups` maps each arm to its runs, and `a_a` to the baseline's
    runs with other seeds. `branches` maps a run to those to its shorter horizons, `<run>-<tokens>-tokens`.
    """

    recipe: Recipe
    documents: dict[str, Step] = field(default_factory=dict)
    corpora: dict[str, Step] = field(default_factory=dict)
    held_out: dict[str, Step] = field(default_factory=dict)
    tokenizer: Step | None = None
    tokens: dict[str, Step] = field(default_factory=dict)
    held_out_tokens: dict[str, Step] = field(default_factory=dict)
    mixtures: dict[str, Step] = field(default_factory=dict)
    initial: InitialModel | None = None
    runs: dict[str, Step] = field(default_factory=dict)
    evaluations: dict[str, Step] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    branches: dict[str, list[str]] = field(default_factory=dict)
    report: Step | None = None


def in_order(targets: Iterable[Step]) -> list[Step]:
    """The targets and all they need, each once, inputs first."""
    ordered: dict[str, Step] = {}

    def visit(step: Step) -> None:
        if step.directory not in ordered:
            for needed in step.input_steps().values():
                visit(needed)
            ordered[step.directory] = step

    for target in targets:
        visit(target)
    return list(ordered.values())


def plan_corpora(recipe: Recipe, inputs: Mapping[str, Sequence[InputFile]], limit: int | None) -> Plan:
    """Steps from raw inputs to corpora, held-out documents included when the recipe compares.

    `limit`: read only the first records of each source.
    """
    documents = {
        name: _step(
            "documents", name,
            {"kind": source.kind, "options": source.options_json(), "limit": limit, **source.further_identity()},
            {f"input:{item.name}": item.digest for item in inputs[name]}, libraries=source.libraries)
        for name, source in recipe.sources.items() if name in inputs
    }
    recipe = _held_against_others(recipe, documents)
    splits, held_out = _plan_held_out(recipe, documents)
    evaluation_sets = _plan_evaluation_sets(recipe, inputs)
    looked_for = {"decontamination": parameters_json(recipe.decontamination)} if evaluation_sets else {}
    chains = _Chains(documents, recipe.corpora)
    corpora: dict[str, Step] = {}
    across = recipe.dedup.across if recipe.dedup else ()
    for name in sorted(recipe.corpora, key=lambda name: across.index(name) if name in across else -1):
        corpus = recipe.corpora[name]
        # Corpora of one source are variants for different arms: against each other, nearly all of the later would go.
        earlier = [other for other in across[:across.index(name)] if recipe.corpora[other].source != corpus.source
                   ] if name in across else []
        step_inputs = {"documents": documents[corpus.source]}
        if corpus.source in splits:
            step_inputs["split"] = splits[corpus.source]
        step_inputs |= {f"held_out:{domain}": step for domain, step in held_out.items()}
        step_inputs |= {f"across:{other}": corpora[other] for other in earlier}
        step_inputs |= {f"{ROLE}{each}": step for each, step in evaluation_sets.items()}
        last = chains.last(corpus)
        corpora[name] = _step(
            "corpus", name, {
                "steps": _steps_json(corpus.steps),
                "overlap": parameters_json(recipe.comparison.overlap if recipe.comparison else HeldOutOverlap()),
                "across": recipe.dedup.across_json() if recipe.dedup and earlier else None,
                **looked_for,
            },
            step_inputs, via={"last": last} if last is not None else {}, libraries=_packages(corpus.steps))
    return Plan(recipe, documents, {name: corpora[name] for name in recipe.corpora}, held_out)


def _held_against_others(recipe: Recipe, documents: Mapping[str, Step]) -> Recipe:
    """The recipe with no corpus held against one that was made of the same documents. Raises UsageError: see Against.
    """
    corpora = {}
    for name, corpus in recipe.corpora.items():
        own = documents[corpus.source]
        raw = frozenset(each for role, each in own.inputs.items() if role.startswith("input:"))
        corpora[name] = dataclasses.replace(corpus, steps=held_against_others(corpus.steps, own.digest, raw))
    return dataclasses.replace(recipe, corpora=corpora)


def plan_mixtures(
    plan: Plan, tokenizer_digest: str | None = None, inputs: Mapping[str, Sequence[InputFile]] | None = None,
) -> Plan:
    """Add tokenizer, token shards and mixtures.

    `tokenizer_digest` is the content digest of a tokenizer file given; `inputs` are the files of token shards that were
    made elsewhere, by their name in the recipe.
    """
    recipe = plan.recipe
    weighted = {name for mixture in recipe.mixtures.values() for name in mixture.weights}
    mixed = [name for name in plan.corpora if name in weighted]
    whole = [name for name in plan.corpora if name in set(map(recipe.whole, weighted))]
    chats = {name for name in [*whole, *plan.held_out]
             if recipe.sources[recipe.corpora[name].source].declared.conversations}
    special = {"special_tokens": list(SPECIAL_TOKENS)} if chats else {}
    if recipe.tokenizer.path is not None:
        assert tokenizer_digest is not None
        tokenizer = _step("tokenizer", recipe.name, {"kind": "file", **special}, {"file": tokenizer_digest})
    else:
        tokenizer = _step(
            "tokenizer", recipe.name,
            {"kind": recipe.tokenizer.kind, "vocab_size": recipe.tokenizer.vocab_size,
             "sample_bytes": recipe.tokenizer.sample_bytes, **special},
            {f"corpus:{name}": plan.corpora[name] for name in whole},
        )

    def tokens(name: str, corpus: str, source: Step, bucket: Bucket | None = None) -> Step:
        # Only in conversations, where the reader wrote them, are the names of special tokens tokens.
        parameters = special if corpus in chats else {}
        if bucket is not None:
            parameters = {**parameters, "duplicates": bucket.bounds}
        return _step("tokens", name, parameters, {"documents": source, "tokenizer": tokenizer})

    shards = {name: tokens(name, name, plan.corpora[name]) for name in mixed}
    shards |= {name: tokens(name, bucket.corpus, plan.corpora[bucket.corpus], bucket)
               for name, bucket in recipe.buckets.items() if name in weighted}
    for name, made in recipe.token_shards.items():
        if name in weighted:
            files: dict[str, Step | str] = {f"input:{file.name}": file.digest for file in (inputs or {})[name]}
            files["tokenizer"] = tokenizer
            shards[name] = _step("tokens", name, {"kind": made.kind}, files)
    training = recipe.training
    budget: dict[str, Any] = {"budget_tokens": training.tokens, "max_epochs": training.max_epochs}
    if training.simulate_target_tokens not in (None, training.tokens):
        budget["simulate_target_tokens"] = training.simulate_target_tokens
    mixtures = {
        name: _step(
            "mixture", name, {**mixture.parameters(), **budget},
            {f"tokens:{corpus}": shards[corpus] for corpus in mixture.weights})
        for name, mixture in recipe.mixtures.items()
    }
    held_out_tokens = {name: tokens(f"{name}.held-out", name, step) for name, step in plan.held_out.items()}
    return dataclasses.replace(
        plan, tokenizer=tokenizer, tokens=shards, held_out_tokens=held_out_tokens, mixtures=mixtures)


def plan_runs(
    plan: Plan, model: dict[str, Any], training: dict[str, Any], branches: Sequence[dict[str, Any]] = (),
    initial: InitialModel | None = None, rounds: int | None = None,
) -> Plan:
    """Add runs: every mixture with every seed, the baseline's A/A set, and of each the runs to shorter horizons.

    `model`, `training` and `branches`, the training of the horizons, are resolved. All go on from `initial`, if there
    is one: its content is part of their identity. `rounds`: so many of the seeds, and as many of the A/A set.
    """
    recipe, seeds = plan.recipe, plan.recipe.training.seeds
    done = seeds if rounds is None else rounds
    groups = {name: [(name, seed) for seed in range(done)] for name in recipe.mixtures}
    if recipe.comparison is not None:
        groups["a_a"] = [(recipe.comparison.baseline, seed) for seed in range(seeds, seeds + done)]
    assert plan.tokenizer is not None
    stacks = _plan_stacks(plan, groups, model, training)
    runs: dict[str, Step] = {}
    branched: dict[str, list[str]] = {}
    for mixture, seed in (pair for pairs in groups.values() for pair in pairs):
        name = f"{mixture}-s{seed}"
        inputs: dict[str, Step | str] = {
            "mixture": plan.mixtures[mixture], "tokenizer": plan.tokenizer, **_validation(plan, training)}
        if initial is not None:
            inputs["initial_model"] = initial.digest
        if (mixture, seed) in stacks:
            inputs["stack"] = stacks[mixture, seed]
        runs[name] = _step("run", name, {"seed": seed, "model": model, "training": training}, inputs)
        branched[name] = [f"{name}-{branch['tokens']}-tokens" for branch in branches]
        for branch_name, branch in zip(branched[name], branches, strict=True):
            runs[branch_name] = _step(
                "run", branch_name, {"seed": seed, "model": model, "training": branch},
                inputs | {"trunk": runs[name]})
    return dataclasses.replace(
        plan, initial=initial, runs=runs, branches=branched,
        groups={name: [f"{m}-s{s}" for m, s in pairs] for name, pairs in groups.items()})


def _validation(plan: Plan, training: dict[str, Any]) -> dict[str, Step]:
    """The token shards of held-out documents on which a run that is told to takes its loss on the way."""
    domains = plan.held_out_tokens if training.get("validations") else {}
    return {f"{VALIDATION}{domain}": step for domain, step in domains.items()}


def _plan_stacks(
    plan: Plan, groups: dict[str, list[tuple[str, int]]], model: dict[str, Any], training: dict[str, Any],
) -> dict[tuple[str, int], Step]:
    """The stack in which each run trains, where `together` says that seeds of a group train so many at a time."""
    stacks: dict[tuple[str, int], Step] = {}
    size = training.get("together", 1)
    assert plan.tokenizer is not None
    for pairs in groups.values() if size > 1 else ():
        for start in range(0, len(pairs), size):
            members = pairs[start:start + size]
            (mixture, first), (_, last) = members[0], members[-1]
            step = _step(
                "stack", f"{mixture}-s{first}-to-s{last}",
                {"seeds": [seed for _, seed in members], "model": model, "training": training},
                {"mixture": plan.mixtures[mixture], "tokenizer": plan.tokenizer, **_validation(plan, training)})
            stacks |= dict.fromkeys(members, step)
    return stacks


def plan_comparison(
    plan: Plan, evaluation: dict[str, Any], final: bool, rounds: dict[str, Any] | None = None,
) -> Plan:
    """Add evaluations of all runs and the report. `final` opens the test part of the held-out documents.

    `rounds`: how it is looked at round by round, where it is.
    """
    recipe = plan.recipe
    assert recipe.comparison is not None
    evaluations = {
        name: _step(
            "evaluation", name,
            {**evaluation, "metric": recipe.comparison.metric, "split": "test" if final else "validation",
             "max_bytes": recipe.comparison.max_bytes_per_domain},
            {"run": run, **{f"domain:{domain}": step for domain, step in plan.held_out_tokens.items()}},
        )
        for name, run in plan.runs.items()
    }
    report = _step(
        "report", recipe.name,
        {
            "recipe": recipe.identity_json(), "baseline": recipe.comparison.baseline, "groups": plan.groups,
            "domains": list(recipe.comparison.domains), "primary": list(recipe.comparison.primary),
            "margin_percent": recipe.comparison.margin_percent, "split": "test" if final else "validation",
            **({"rounds": rounds} if rounds is not None else {}),
        },
        {
            **{f"evaluation:{name}": step for name, step in evaluations.items()},
            **{f"run:{name}": step for name, step in plan.runs.items()},
            **{f"mixture:{name}": step for name, step in plan.mixtures.items()},
            **{f"corpus:{name}": step for name, step in plan.corpora.items()},
            **{f"documents:{name}": step for name, step in plan.documents.items()},
            **{f"held_out:{name}": step for name, step in plan.held_out.items()},
        },
    )
    return dataclasses.replace(plan, evaluations=evaluations, report=report)


def _step(
    kind: str, name: str, parameters: dict[str, Any], inputs: Mapping[str, Step | str],
    via: Mapping[str, Step] | None = None, libraries: Iterable[str] = (),
) -> Step:
    """A step of today's version of its kind; `libraries` decide on it besides those of the kind."""
    return Step(
        kind, name, KINDS[kind].version, parameters, dict(inputs), dict(via or {}),
        versions({*KINDS[kind].libraries, *libraries}))


def _packages(steps: Iterable[CurationStep]) -> set[str]:
    """The packages whose versions decide what these steps do."""
    return {need.name for step in steps for need in step.needs if need.kind == "package"}


def _steps_json(steps: Sequence[CurationStep]) -> list[dict[str, Any]]:
    return [step.to_json() for step in steps]


def _plan_evaluation_sets(recipe: Recipe, inputs: Mapping[str, Sequence[InputFile]]) -> dict[str, Step]:
    """The evaluation sets that no corpus may hold, by name."""
    if recipe.decontamination is None:
        return {}
    return {
        name: _step(
            "evaluation_set", name, {"fields": list(each.fields), "id": each.id},
            {f"input:{item.name}": item.digest for item in inputs[f"{ROLE}{name}"]})
        for name, each in recipe.evaluation_sets.items()}


def _plan_held_out(recipe: Recipe, documents: dict[str, Step]) -> tuple[dict[str, Step], dict[str, Step]]:
    """Splits by source and held-out documents by domain; both empty when nothing is compared."""
    splits: dict[str, Step] = {}
    held_out: dict[str, Step] = {}
    comparison = recipe.comparison
    for domain in comparison.domains if comparison else ():
        corpus = recipe.corpora[domain]
        source, by = documents[corpus.source], comparison.unit_of(recipe.sources[corpus.source])
        split = splits.setdefault(corpus.source, _step(
            "split", corpus.source,
            {"seed": comparison.seed, "fraction": comparison.held_out_share, "test_share": comparison.test_share,
             "near_dedup": parameters_json(NearDedup()),
             **({"variants": True} if recipe.sources[corpus.source].has_variants else {}),
             **({"by": by, "least_units": comparison.least_units} if by is not None else {})},
            {"documents": source},
        ))
        held_out[domain] = _step(
            "held_out", domain,
            {"steps": _steps_json([step for step in corpus.steps if not step.is_barrier])},
            {"documents": source, "split": split}, libraries=_packages(corpus.steps))
    return splits, held_out


class _Chains:
    """Chains of segments and dedup stages, shared between corpora of one source up to where their steps differ."""

    def __init__(self, documents: dict[str, Step], corpora: Mapping[str, Corpus]) -> None:
        self._documents = documents
        # A prefix of steps at which a stage has to end: a barrier's, a corpus's last, or one where corpora part.
        self._ends: set[tuple[str, tuple[CurationStep, ...]]] = set()
        nexts: dict[tuple[str, tuple[CurationStep, ...]], set[CurationStep]] = {}
        for corpus in corpora.values():
            self._ends.add((corpus.source, corpus.steps))
            for length, step in enumerate(corpus.steps):
                prefix = (corpus.source, corpus.steps[:length])
                nexts.setdefault(prefix, set()).add(step)
                if step.is_barrier:
                    self._ends |= {prefix, (corpus.source, corpus.steps[:length + 1])}
        self._ends |= {prefix for prefix, steps in nexts.items() if len(steps) > 1}

    def last(self, corpus: Corpus) -> Step | None:
        """The last stage of a corpus, or None when it has no steps."""
        previous: Step | None = None
        start = 0
        for length in range(1, len(corpus.steps) + 1):
            steps = corpus.steps[:length]
            if (corpus.source, steps) not in self._ends:
                continue
            kind = steps[-1].stage_kind
            previous = _step(
                kind, corpus.source, {"steps": _steps_json(steps), "start": start},
                {"documents": self._documents[corpus.source]}, via={"previous": previous} if previous else {},
                libraries=_packages(steps))
            start = length
        return previous
