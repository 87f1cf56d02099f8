"""The plan of a recipe: its raw inputs by content, its steps by digests, and which of them a command is for."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from maslin.manifests.errors import RecipeError, UsageError
from maslin.manifests.files import checksum
from maslin.manifests.plan import VALIDATION, Plan, plan_comparison, plan_corpora, plan_mixtures, plan_runs
from maslin.manifests.recipe.evaluation_sets import ROLE
from maslin.manifests.recipe.initial_model import InitialModel, find_initial_model
from maslin.manifests.recipe.inputs import InputFile, find_crawl, find_inputs
from maslin.manifests.recipe.reading import Checks, read_recipe
from maslin.manifests.recipe.recipe import Recipe, Tokenizer, Training
from maslin.manifests.workspace import Step, Workspace
from maslin.trainer.comparison.metrics import METRICS
from maslin.trainer.comparison.rounds import RoundsPlan
from maslin.trainer.config.checks import SettingsError
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.resolve import MODELS, STACKED_PARAMETERS, resolve_model, resolve_training
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.data.objectives import OBJECTIVES
from maslin.trainer.models.known import ARCHITECTURES


def read_checked(path: Path) -> Recipe:
    """The recipe, checked by what the trainer knows, too. Raises RecipeError with all that is wrong with it."""
    return read_recipe(path, Checks(
        {"training.model": MODELS, "training.architecture": ARCHITECTURES, "training.objective": OBJECTIVES,
         "comparison.metric": METRICS}, _wrong_in_training, paths=True))


def _wrong_in_training(training: Training) -> Iterator[tuple[str, str]]:
    """Settings that do not go together, with what is to be said of them; their words are known."""
    try:
        resolve(training, compared=False)
    except SettingsError as error:
        yield from error.wrong
    except UsageError as error:  # what an architecture cannot be
        words = str(error).removeprefix("model: ").removesuffix(".")
        key, _, rest = words.partition(" ")
        yield (key, rest) if hasattr(training, key) else ("model", words)


def source_inputs(
    recipe: Recipe, workspace: Workspace, tell: Callable[[str], None] = lambda line: None,
) -> dict[str, list[InputFile]]:
    """The raw files of every source that a corpus is made of, of token shards made elsewhere, and of evaluation sets.

    The last by `evaluation_set:` and their name. `tell` hears which files of a folder are no input. Raises RecipeError
    with all paths that name nothing.
    """
    sections = ["token_shards", "sources", *(["evaluation_sets"] if recipe.decontamination is not None else [])]
    base, used = recipe.path.parent, {corpus.source for corpus in recipe.corpora.values()}
    found: dict[str, list[InputFile]] = {}
    wrong: list[str] = []
    for key in sections:
        for name, each in getattr(recipe, key).items():
            if key == "sources" and name not in used:
                continue
            try:
                where = [recipe.place(f"{key}.{name}.paths[{index}]") for index in range(len(each.paths))]
                if key == "sources" and each.crawl is not None:
                    found[name] = find_crawl(recipe.place(f"sources.{name}"), each.crawl, base, workspace.root)
                elif key == "sources":
                    found[name] = find_inputs(
                        where, each.paths, base, workspace.root, each.declared.folders_are_inputs,
                        is_input=each.declared.is_input, tell=tell)
                elif key == "evaluation_sets":
                    found[f"{ROLE}{name}"] = find_inputs(
                        where, each.paths, base, workspace.root, is_input=each.is_input, tell=tell)
                else:
                    patterns = each.file_patterns()
                    found[name] = find_inputs(
                        [recipe.place(f"token_shards.{name}.paths")] * len(patterns), patterns, base, workspace.root,
                        is_input=each.is_input, tell=tell)
            except RecipeError as error:
                wrong += error.lines
    if recipe.tokenizer.path is not None and not (path := tokenizer_path(recipe)).is_file():
        wrong.append(f"{recipe.place('tokenizer.path')}: {path} is no file")
    if wrong:
        raise RecipeError(*wrong)
    return found


def check_inputs(
    recipe: Recipe, inputs: dict[str, list[InputFile]], steps: Iterable[Step], tell: Callable[[str], None],
) -> None:
    """Raise UsageError where a source that these steps read names what its files do not have, or a set is no good.

    `tell` hears what of each evaluation set is looked for.
    """
    for step in steps:
        if step.kind == "evaluation_set":
            from maslin.curation.decontamination.build import describe  # here: few recipes name sets

            place, parameters = recipe.place(f"evaluation_sets.{step.name}"), recipe.decontamination
            assert parameters is not None
            try:
                tell(f"evaluation set {step.name}: " + describe(
                    inputs[f"{ROLE}{step.name}"], recipe.evaluation_sets[step.name], parameters))
            except UsageError as error:
                raise UsageError(f"{place}: {error}") from error
        source = recipe.sources[step.name] if step.kind == "documents" else None
        if source is not None and (source.crawl is not None or source.declared.check):
            try:
                if source.crawl is not None:
                    from maslin.curation.ingest.crawl.lists import check_lists  # here: few recipes name crawls

                    check_lists(inputs[step.name], source.crawl)
                elif source.declared.check:
                    source.declared.check(inputs[step.name], source.options)
            except UsageError as error:
                raise UsageError(f"{recipe.place(f'sources.{step.name}')}: {error}") from error


def make_plan(
    recipe: Recipe, inputs: dict[str, list[InputFile]], workspace: Workspace, limit: int | None = None,
    final: bool = False, rounds: RoundsPlan | None = None, done: int | None = None,
) -> Plan:
    """The whole plan of a recipe, as far as its sections go.

    `limit`: records read of each source. `final`: scored on the closed test part of the held-out documents. `rounds`:
    the comparison is looked at round by round, and this is the plan of the look after so many rounds (`done`).
    """
    initial = _initial_model(recipe, workspace)
    if initial is not None and "tokenizer" not in recipe.places:
        recipe = replace(recipe, tokenizer=Tokenizer(path=str(initial.tokenizer.absolute())))
    plan = plan_corpora(recipe, inputs, limit)
    if not recipe.mixtures:
        return plan
    plan = plan_mixtures(plan, checksum(tokenizer_path(recipe)) if recipe.tokenizer.path else None, inputs)
    model, training = resolve(recipe.training, recipe.comparison is not None)
    if initial is not None:
        _check_continues(recipe, model, initial)
    branches = [branch.to_json() for branch in training.branches()]
    plan = plan_runs(plan, model.to_json(), training.to_json(), branches, initial, done)
    if recipe.comparison is not None:
        context = {"context_tokens": model.context_tokens, "stride_tokens": model.context_tokens // 2}
        plan = plan_comparison(plan, context, final, None if rounds is None else rounds.to_json())
    return plan


def _initial_model(recipe: Recipe, workspace: Workspace) -> InitialModel | None:
    """The model that the recipe's runs go on from."""
    if recipe.training.init_from is None:
        return None
    try:
        return find_initial_model(recipe.training.init_from, recipe.path.parent, workspace)
    except UsageError as error:
        raise RecipeError(f"{recipe.place('training.init_from')}: {error}") from error


def _check_continues(recipe: Recipe, model: ModelConfig, initial: InitialModel) -> None:
    try:
        model.check_continues(ModelConfig.from_json(initial.model), str(initial.run))
    except UsageError as error:
        raise RecipeError(f"{recipe.place('training.init_from')}: {error}") from error


def resolve(asked: Training, compared: bool) -> tuple[ModelConfig, TrainingConfig]:
    """The few words of a recipe's training, filled in by the model's size. Raises UsageError for what cannot be.

    `compared`: there are held-out documents to validate on.
    """
    model = resolve_model(asked.model, asked.architecture, context_tokens=asked.context_tokens, kv_heads=asked.kv_heads)
    if asked.together > 1 and (asked.init_from is not None or model.parameters >= STACKED_PARAMETERS):
        raise SettingsError("training", [(
            "together",
            f"is for runs that begin anew, of models below {STACKED_PARAMETERS // 10**6}M parameters")])
    optimizer = asked.optimizer or (None if asked.init_from is None else "adamw")  # going on was not measured with Muon
    return model, resolve_training(
        model, asked.tokens, batch_tokens=asked.batch_tokens, micro_batch=asked.micro_batch,
        learning_rate=asked.learning_rate, objective=asked.objective, schedule=asked.schedule,
        decay_share=asked.decay_share, horizons=asked.horizons, optimizer=optimizer, z_loss=asked.z_loss,
        average_checkpoints=asked.average_checkpoints, deterministic=asked.deterministic, together=asked.together,
        validations=asked.validations if compared and model.spec.is_decoder else 0)


def tokenizer_path(recipe: Recipe) -> Path:
    assert recipe.tokenizer.path is not None
    return recipe.path.parent / recipe.tokenizer.path


def corpora(plan: Plan) -> list[Step]:
    """The corpora, and the held-out documents of every domain."""
    return [*plan.corpora.values(), *plan.held_out.values()]


def tokens_and_mixtures(plan: Plan, mixtures: Iterable[str]) -> list[Step]:
    """The named mixtures, the token shards of their corpora, and those that runs on them take their loss on."""
    names = list(mixtures)
    held_out = {step.directory: step for run in plan.runs.values() for role, step in run.input_steps().items()
                if role.startswith(VALIDATION)}
    needed = {corpus for name in names for corpus in plan.recipe.mixtures[name].weights}
    return [*(step for name, step in plan.tokens.items() if name in needed), *held_out.values(),
            *(plan.mixtures[name] for name in names)]


def asked_runs(plan: Plan, mixture: str | None, seed: int | None) -> list[Step]:
    """The runs of a mixture and a seed (None: of all), each before its branches."""
    names = [name for each in plan.mixtures if mixture in (None, each) for name in plan.groups[each]]
    if seed is not None:
        names = [name for name in names if name.endswith(f"-s{seed}")]
    return [plan.runs[each] for name in names for each in (name, *plan.branches[name])]
