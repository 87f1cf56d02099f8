"""`maslin curate|mix|train|compare`: plan a recipe by digests, build what is missing, say what came out."""

import importlib.util
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from maslin.flows.engine.build import build_all, documents_arguments, missing_steps
from maslin.manifests.counts import Counts
from maslin.manifests.errors import DataError, RecipeError, UsageError
from maslin.manifests.files import checksum, read_json, write_json
from maslin.manifests.manifest import Manifest
from maslin.manifests.plan import Plan, in_order, plan_comparison, plan_corpora, plan_mixtures, plan_runs
from maslin.manifests.recipe.initial_model import InitialModel, find_initial_model
from maslin.manifests.recipe.inputs import InputFile, find_inputs
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.recipe.recipe import Recipe, Tokenizer
from maslin.manifests.recipe.typed_yaml import not_one_of, suggestion
from maslin.manifests.steps.known import decode
from maslin.manifests.workspace import Mapper, Step, Workspace, is_complete, is_current
from maslin.trainer.comparison.metrics import METRICS
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.resolve import STACKED_PARAMETERS, resolve_model, resolve_training
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.data.objectives import OBJECTIVES
from maslin.trainer.models.known import ARCHITECTURES, decoders


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    command: str
    recipe: Path
    workspace: Path
    workers: int | None = None
    prefect: str = "auto"
    limit: int | None = None
    dry_run: bool = False
    mixture: str | None = None
    seed: int | None = None
    final: bool = False
    tensorboard: bool = False


@dataclass(frozen=True)
class Done:
    """What a command asked for and has now. `problems`: what the data do not hold of it, a sentence each."""

    plan: Plan
    targets: list[Step]
    problems: list[str]


def refuse(problems: Sequence[str]) -> None:
    """Raise DataError when there are any."""
    if problems:
        raise DataError("\n  ".join(
            ["the data do not hold what the recipe asks for (outputs are kept and marked):", *problems]))


def run(options: Options) -> int:
    """Do whatever the command and its earlier steps lack. Returns the exit code (see `maslin --help`)."""
    workspace = Workspace(options.workspace)
    if options.dry_run:
        recipe = read_recipe(options.recipe)
        check_command(recipe, options)
        phases = _phases(make_plan(recipe, source_inputs(recipe, workspace), options), options)
        _print_plan([step for phase in phases for step in phase], workspace)
        return 0
    done = carry_out(options)
    print_result(done.plan, options, workspace)
    _warn_of_failures(done.plan, workspace)
    refuse(done.problems)
    return 0


def carry_out(options: Options) -> Done:
    """Do it and print no results, only how it goes. For commands, and for whoever calls from Python."""
    recipe = read_recipe(options.recipe)
    check_command(recipe, options)
    workspace = Workspace(options.workspace)
    inputs = source_inputs(recipe, workspace)
    plan = make_plan(recipe, inputs, options)
    phases = _phases(plan, options)
    targets = [step for phase in phases for step in phase]
    todo = missing_steps(targets, workspace)
    if todo:
        _check_resources(todo)
        _tell_of_other_versions(recipe, workspace)
        with workspace.writer(f"maslin {options.command} {options.recipe}"):
            todo = missing_steps(targets, workspace)
            _build(options, plan, phases, todo, workspace, inputs)
    problems = _problems(plan, phases, workspace)
    write_lock_file(plan, workspace)
    return Done(plan, phases[-1], problems)


def source_inputs(recipe: Recipe, workspace: Workspace) -> dict[str, list[InputFile]]:
    """The raw files of every source that a corpus is made of, and of token shards made elsewhere."""
    used = {corpus.source for corpus in recipe.corpora.values()}
    shards = {
        name: find_inputs(
            f"{recipe.place(f'token_shards.{name}')}.paths", made.file_patterns(), recipe.path.parent, workspace.root)
        for name, made in recipe.token_shards.items()
    }
    return shards | {
        name: find_inputs(
            f"{recipe.place(f'sources.{name}')}.paths", source.paths, recipe.path.parent, workspace.root,
            folders_are_inputs=source.kind == "code")
        for name, source in recipe.sources.items() if name in used
    }


def make_plan(recipe: Recipe, inputs: dict[str, list[InputFile]], options: Options) -> Plan:
    """The whole plan of a recipe, as far as its sections go."""
    _check_words_of_training(recipe)
    initial = _initial_model(recipe, Workspace(options.workspace))
    if initial is not None and "tokenizer" not in recipe.places:
        recipe = replace(recipe, tokenizer=Tokenizer(path=str(initial.tokenizer.absolute())))
    plan = plan_corpora(recipe, inputs, options.limit)
    if not recipe.mixtures:
        return plan
    plan = plan_mixtures(plan, checksum(tokenizer_path(recipe)) if recipe.tokenizer.path else None, inputs)
    model, training = _resolve_training(recipe, initial)
    branches = [branch.to_json() for branch in training.branches()]
    plan = plan_runs(plan, model.to_json(), training.to_json(), branches, initial)
    if recipe.comparison is not None:
        _check_metric(recipe)
        context = {"context_tokens": model.context_tokens, "stride_tokens": model.context_tokens // 2}
        plan = plan_comparison(plan, context, options.final)
    return plan


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
            together=asked.together)
    except UsageError as error:
        raise RecipeError(f"{recipe.place('training')}: {error}") from error


def _check_words_of_training(recipe: Recipe) -> None:
    """Raise RecipeError for an architecture or an objective that the trainer does not have."""
    for key, known in (("architecture", ARCHITECTURES), ("objective", OBJECTIVES)):
        if (word := getattr(recipe.training, key)) not in (None, *known):
            raise RecipeError(f"{recipe.place(f'training.{key}')}: {not_one_of(word, known)}.")


def tokenizer_path(recipe: Recipe) -> Path:
    path = recipe.path.parent / Path(recipe.tokenizer.path or "").expanduser()
    if not path.is_file():
        raise RecipeError(f"{recipe.place('tokenizer')}.path: {path} is no file.")
    return path


def check_command(recipe: Recipe, options: Options) -> None:
    needs = {"mix": "mixtures", "train": "mixtures", "compare": "comparison"}.get(options.command)
    if needs and not getattr(recipe, needs):
        raise UsageError(f"{recipe.path}: `{needs}` is missing: `maslin {options.command}` needs it.")
    _check_words_of_training(recipe)
    if options.command == "compare" and not ARCHITECTURES[recipe.training.architecture].is_decoder:
        raise RecipeError(
            f"{recipe.place('training.architecture')}: {recipe.training.architecture} gives a document no probability, "
            f"so there is nothing to compare by: compare with {' or '.join(decoders())} "
            "(`maslin train` trains it).")
    if options.mixture is not None and options.mixture not in recipe.mixtures:
        raise UsageError(
            f"{recipe.path}: no mixture is called `{options.mixture}`; there are {', '.join(recipe.mixtures)}.")
    if options.tensorboard and importlib.util.find_spec("tensorboard") is None:
        raise UsageError("--tensorboard needs a package more: pip install 'maslin[tensorboard]'.")
    if options.seed is not None and options.seed not in range(recipe.training.seeds):
        raise UsageError(f"{recipe.path}: seed {options.seed} is not among 0 to {recipe.training.seeds - 1}.")


def _phases(plan: Plan, options: Options) -> list[list[Step]]:
    """Targets in stages: data problems of one stage are told before the next begins."""
    phases = [list(plan.corpora.values()) + list(plan.held_out.values())]
    mixtures = [options.mixture] if options.mixture else list(plan.mixtures)
    if options.command == "curate":
        return phases
    needed = {corpus for name in mixtures for corpus in plan.recipe.mixtures[name].weights}
    if options.command == "train" and options.mixture:
        phases = [[step for step in in_order([plan.mixtures[options.mixture]]) if step.kind == "corpus"]]
    phases.append([step for name, step in plan.tokens.items() if name in needed]
                  + [plan.mixtures[name] for name in mixtures])
    if options.command == "train":
        phases.append(asked_runs(plan, options))
    if options.command == "compare":
        assert plan.report is not None
        phases.append([plan.report])
    return phases


def asked_runs(plan: Plan, options: Options) -> list[Step]:
    """The runs of the mixtures and the seed that `train` is asked for, each before its branches."""
    names = [name for mixture in plan.mixtures if options.mixture in (None, mixture) for name in plan.groups[mixture]]
    if options.seed is not None:
        names = [name for name in names if name.endswith(f"-s{options.seed}")]
    return [plan.runs[each] for name in names for each in (name, *plan.branches[name])]


def run_arguments(plan: Plan, options: Options) -> dict[str, Any]:
    """The further arguments of `run` builders."""
    return {
        "tensorboard": options.tensorboard, "initial": plan.initial.weights.absolute() if plan.initial else None}


def _build(
    options: Options, plan: Plan, phases: Sequence[Sequence[Step]], todo: list[Step], workspace: Workspace,
    inputs: dict[str, list[InputFile]],
) -> None:
    from maslin.flows.engine.engine import Engine, default_workers, stopped_by_signals
    from maslin.flows.engine.kernel_cache import drop_stale_kernels
    from maslin.flows.engine.progress import ProgressBoard

    drop_stale_kernels()
    recipe, workers = plan.recipe, options.workers or default_workers()
    write_json(workspace.root / "recipes" / f"{recipe.name}.resolved.json", recipe.to_json())
    documents = documents_arguments(inputs, {name: source.max_failed for name, source in recipe.sources.items()})

    def extra(step: Step) -> dict[str, Any]:
        if step.kind == "documents":
            return documents(step)
        if step.kind == "tokens" and step.name in recipe.token_shards:
            return {"inputs": inputs[step.name]}
        if step.kind == "tokenizer" and recipe.tokenizer.path is not None:
            return {"path": tokenizer_path(recipe)}
        if step.kind == "run":
            return run_arguments(plan, options)
        return {}

    with ProgressBoard() as board, stopped_by_signals(engine := Engine(workers, board)), engine:

        def work(mapper: Mapper) -> None:
            for phase in phases:
                steps = missing_steps(phase, workspace)
                started = time.monotonic()
                total = len(steps)
                count = 0

                def on_built(step: Step, manifest: Manifest) -> None:
                    nonlocal count
                    count += 1
                    seconds = time.monotonic() - started  # noqa: B023
                    board.say(f"[{count}/{total}] {describe_built(step, manifest)}  ({seconds:.1f} s)")  # noqa: B023

                build_all(steps, workspace, mapper, extra, on_built, at_once=workers)
                if phase is not phases[-1]:
                    refuse(_problems(plan, [phase], workspace))

        if options.prefect == "auto" and importlib.util.find_spec("prefect") is not None:
            from maslin.flows.engine.prefect_flows import PrefectUnavailableError, run_as_flow

            board.say(f"{len(todo)} steps to build with {workers} workers; starting Prefect (10 to 30 s) …")
            try:
                run_as_flow(options.command, recipe.name, engine, workspace.root / ".prefect", work)
            except PrefectUnavailableError as error:
                board.say(f"Prefect is not to be had ({error}); going on without it")
                work(engine.map)
        else:
            board.say(f"{len(todo)} steps to build with {workers} workers")
            work(engine.map)


def _check_resources(todo: Sequence[Step]) -> None:
    """Models and packages that are missing or damaged are found before work starts."""
    steps = [decode(entry) for step in todo for entry in step.parameters.get("steps", ())]
    needs = {(step.name, need) for step in steps for need in step.needs}
    if needs:
        from maslin.curation.resources import check

        check(needs)


def _tell_of_other_versions(recipe: Recipe, workspace: Workspace) -> None:
    """One line when what the recipe had here is of another Maslin: why it is built again, and what may go."""
    lock = workspace.lock_file(recipe.name)
    known = read_json(lock) if lock.is_file() else {}
    groups = [group.values() if isinstance(group, dict) else [group] for group in known.values()]
    paths = [workspace.root / path for group in groups for path in group]
    if others := [path for path in paths if is_complete(path) and not is_current(path)]:
        print(f"maslin: {len(others)} results of this recipe in {workspace.root} are of another Maslin and stale: what "
              f"decides their bytes is not all written in them. They are built anew beside the old ones, which "
              f"`maslin status {recipe.path}` names and you may then remove.", file=sys.stderr)


def _problems(plan: Plan, phases: Sequence[Sequence[Step]], workspace: Workspace) -> list[str]:
    """Empty corpora and sources of which too much failed, among what the phases need."""
    problems = []
    for step in in_order([step for phase in phases for step in phase]):
        if not workspace.is_complete(step):
            continue
        if step.kind == "documents" and not (manifest := workspace.manifest(step)).complete:
            limit = plan.recipe.sources[step.name].max_failed
            problems.append(
                f"{_failures(step, manifest.counted())}, more than max_failed {limit:g} allows. "
                f"See `maslin manifest show {workspace.path(step)}`.")
        if step.kind == "corpus" and (counts := workspace.manifest(step).counted()).kept == 0:
            dropped = sorted(counts.dropped.items(), key=lambda item: -item[1])[:3]
            most = ", ".join(f"{rule} {number:,}" for rule, number in dropped) or "nothing was read"
            problems.append(
                f"corpus {step.name} came out empty: of {counts.read:,} documents none was kept ({most}).")
    return problems


def _failures(step: Step, counts: Counts) -> str:
    causes = ", ".join(f"{cause} {number:,}" for cause, number in sorted(counts.failed.items()))
    failed = counts.failed_in_all
    return f"source {step.name}: {failed:,} of {counts.read:,} {counts.unit} failed ({causes})"


def _warn_of_failures(plan: Plan, workspace: Workspace) -> None:
    """One line for each source with damaged records that stay within its `max_failed`."""
    for step in plan.documents.values():
        manifest = workspace.manifest(step) if workspace.is_complete(step) else None
        if manifest and manifest.complete and manifest.counted().failed:
            print(f"maslin: warning: {_failures(step, manifest.counted())}; see its ledger", file=sys.stderr)


def describe_built(step: Step, manifest: Manifest) -> str:
    """One line on a finished step: what it is and what it kept."""
    line = f"{step.kind} {step.name}"
    if counts := manifest.counts:
        dropped, failed = counts.dropped_in_all, counts.failed_in_all
        line += f"  read {counts.read:,} {counts.unit}, kept {counts.kept:,}, dropped {dropped:,}"
        line += f", failed {failed:,}" if failed else ""
    elif tokens := manifest.sizes.get("tokens"):
        line += f"  {tokens:,} tokens"
    elif step.kind == "tokenizer":
        size, asked = manifest.summary["vocab_size"], step.parameters.get("vocab_size")
        line += f"  {size:,} entries"
        if asked not in (None, size):
            line += f" (asked for {asked:,}: the sample has no more pairs that occur twice)"
    return line


def write_lock_file(plan: Plan, workspace: Workspace) -> None:
    """`recipes/<name>.lock.json`: the final directory of everything in the recipe that is there."""

    def there(steps: dict[str, Step]) -> dict[str, str]:
        return {name: step.directory for name, step in steps.items() if workspace.is_complete(step)}

    lock: dict[str, Any] = {
        "corpora": there(plan.corpora), "held_out": there(plan.held_out), "tokens": there(plan.tokens),
        "mixtures": there(plan.mixtures), "runs": there(plan.runs), "evaluations": there(plan.evaluations),
    }
    if plan.tokenizer and workspace.is_complete(plan.tokenizer):
        lock["tokenizer"] = plan.tokenizer.directory
    if plan.report and workspace.is_complete(plan.report):
        lock["report"] = plan.report.directory
    path = workspace.lock_file(plan.recipe.name)
    if not path.is_file() or read_json(path) != lock:
        write_json(path, lock)


def _print_plan(targets: Sequence[Step], workspace: Workspace) -> None:
    todo = {step.directory for step in missing_steps(targets, workspace)}
    steps = in_order(targets)
    for step in steps:
        print(f"{'build' if step.directory in todo else 'have ' if workspace.is_complete(step) else 'skip '}"
              f"  {step.directory}")
    print(f"{len(todo)} of {len(steps)} steps to build; nothing was done (--dry-run)")


def print_result(plan: Plan, options: Options, workspace: Workspace) -> None:
    from maslin.flows.commands import summary

    match options.command:
        case "curate":
            summary.print_corpora(plan, workspace)
        case "mix":
            summary.print_mixtures(plan, workspace)
        case "train":
            summary.print_runs(plan, workspace)
        case "compare":
            summary.print_verdict(plan, workspace)
    sys.stdout.flush()
