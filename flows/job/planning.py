"""The plan of a recipe: its raw inputs by content, its steps by digests, and which of them a command is for."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from maslin.manifests.errors import RecipeError, UsageError
from maslin.manifests.files import checksum
from maslin.manifests.plan import VALIDATION, Plan, plan_comparison, plan_corpora, plan_mixtures, plan_runs
from maslin.manifests.recipe.initial_model import InitialModel, find_initial_model
from maslin.manifests.recipe.inputs import InputFile, find_inputs
from maslin.manifests.recipe.recipe import Recipe, Tokenizer
from maslin.manifests.recipe.typed_yaml import not_one_of, suggestion
from maslin.manifests.workspace import Step, Workspace
from maslin.trainer.comparison.metrics import METRICS
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.resolve import STACKED_PARAMETERS, resolve_model, resolve_training
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.data.objectives import OBJECTIVES
from maslin.trainer.models.known import ARCHITECTURES


def source_inputs(
    recipe: Recipe, workspace: Workspace, tell: Callable[[str], None] = lambda line: None,
) -> dict[str, list[InputFile]]:
    """The raw files of every source that a corpus is made of, and of token shards made elsewhere.

    `tell` hears which files of a folder are no input.
    """
    used = {corpus.source for corpus in recipe.corpora.values()}
    shards = {
        name: find_inputs(
            f"{recipe.place(f'token_shards.{name}')}.paths", made.file_patterns(), recipe.path.parent, workspace.root,
            is_input=made.is_input, tell=tell)
        for name, made in recipe.token_shards.items()
    }
    return shards | {
        name: find_inputs(
            f"{recipe.place(f'sources.{name}')}.paths", source.paths, recipe.path.parent, workspace.root,
            source.declared.folders_are_inputs, is_input=source.declared.is_input, tell=tell)
        for name, source in recipe.sources.items() if name in used
    }


def check_inputs(recipe: Recipe, inputs: dict[str, list[InputFile]], steps: Iterable[Step]) -> None:
    """Raise UsageError where a source that these steps read names what its files do not have."""
    for step in steps:
        if step.kind == "documents" and (check := recipe.sources[step.name].declared.check):
            try:
                check(inputs[step.name], recipe.sources[step.name].options)
            except UsageError as error:
                raise UsageError(f"{recipe.place(f'sources.{step.name}')}: {error}") from error


def make_plan(
    recipe: Recipe, inputs: dict[str, list[InputFile]], workspace: Workspace, limit: int | None = None,
    final: bool = False,
) -> Plan:
    """The whole plan of a recipe, as far as its sections go.

    `limit`: records read of each source. `final`: scored on the closed test part of the held-out documents.
    """
    check_words_of_training(recipe)
    initial = _initial_model(recipe, workspace)
    if initial is not None and "tokenizer" not in recipe.places:
        recipe = replace(recipe, tokenizer=Tokenizer(path=str(initial.tokenizer.absolute())))
    plan = plan_corpora(recipe, inputs, limit)
    if not recipe.mixtures:
        return plan
    plan = plan_mixtures(plan, checksum(tokenizer_path(recipe)) if recipe.tokenizer.path else None, inputs)
    model, training = _resolve_training(recipe, initial)
    branches = [branch.to_json() for branch in training.branches()]
    plan = plan_runs(plan, model.to_json(), training.to_json(), branches, initial)
    if recipe.comparison is not None:
        _check_metric(recipe)
        context = {"context_tokens": model.context_tokens, "stride_tokens": model.context_tokens // 2}
        plan = plan_comparison(plan, context, final)
    return plan


def check_words_of_training(recipe: Recipe) -> None:
    """Raise RecipeError for an architecture or an objective that the trainer does not have."""
    for key, known in (("architecture", ARCHITECTURES), ("objective", OBJECTIVES)):
        if (word := getattr(recipe.training, key)) not in (None, *known):
            raise RecipeError(f"{recipe.place(f'training.{key}')}: {not_one_of(word, known)}.")


def _check_metric(recipe: Recipe) -> None:
    assert recipe.comparison is not None
    name = recipe.comparison.metric
    if name not in METRICS:
        raise RecipeError(
            f"{recipe.place('comparison.metric')}: no metric is called `{name}`{suggestion(name, METRICS)}")


def _initial_model(recipe: Recipe, workspace: Workspace) -> InitialModel | None:
    """The model that the recipe's runs go on from."""
    if recipe.training.init_from is None:
        return None
    try:
        return find_initial_model(recipe.training.init_from, recipe.path.parent, workspace)
    except UsageError as error:
        raise RecipeError(f"{recipe.place('training')}.init_from: {error}") from error


def _resolve_training(recipe: Recipe, initial: InitialModel | None) -> tuple[ModelConfig, TrainingConfig]:
    """The few words of the recipe, filled in by the model's size."""
    asked = recipe.training
    try:
        model = resolve_model(
            asked.model, asked.architecture, context_tokens=asked.context_tokens, kv_heads=asked.kv_heads)
        if initial is not None:
            model.check_continues(ModelConfig.from_json(initial.model), str(initial.run))
        if asked.together > 1 and (initial is not None or model.parameters >= STACKED_PARAMETERS):
            raise UsageError(
                f"together is for runs that begin anew, of models below {STACKED_PARAMETERS // 10**6}M parameters.")
        return model, resolve_training(
            model, asked.tokens, batch_tokens=asked.batch_tokens, micro_batch=asked.micro_batch,
            learning_rate=asked.learning_rate, objective=asked.objective, schedule=asked.schedule,
            decay_share=asked.decay_share, horizons=asked.horizons, optimizer=asked.optimizer, z_loss=asked.z_loss,
            average_checkpoints=asked.average_checkpoints, deterministic=asked.deterministic,
            together=asked.together,
            validations=asked.validations if recipe.comparison is not None and model.spec.is_decoder else 0)
    except UsageError as error:
        raise RecipeError(f"{recipe.place('training')}: {error}") from error


def tokenizer_path(recipe: Recipe) -> Path:
    path = recipe.path.parent / Path(recipe.tokenizer.path or "").expanduser()
    if not path.is_file():
        raise RecipeError(f"{recipe.place('tokenizer')}.path: {path} is no file.")
    return path


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
