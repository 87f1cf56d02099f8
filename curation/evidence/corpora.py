"""Which corpora a person means: those of a recipe, one by its name in the workspace, or a step directory."""

from collections.abc import Callable
from pathlib import Path

from maslin.manifests.errors import UsageError
from maslin.manifests.identity import digest_of
from maslin.manifests.locks import read_lock, read_locks
from maslin.manifests.steps.spec import Origins, held_against_others
from maslin.manifests.workspace import is_complete, is_current, is_of_another, read_manifest


def finished_corpora(workspace: Path, name: str | None = None) -> list[Path]:
    """The corpus directories that the workspace's recipes point to: all, or those called `name`.

    Raises UsageError when there is none.
    """
    found: dict[Path, str] = {}
    of_others: dict[Path, str] = {}
    for lock in read_locks(workspace):
        for corpus, path in lock.groups.get("corpora", {}).items():
            if is_complete(workspace / path):
                (of_others if is_of_another(workspace / path) else found)[workspace / path] = corpus
    if not found and of_others:
        read_manifest(next(iter(of_others)))  # says what is wrong with it
    if not found:
        raise UsageError(f"{workspace}: no finished corpus here. Build one with `maslin curate`, or give --workspace.")
    chosen = [path for path, corpus in found.items() if name in (None, corpus)]
    if not chosen:
        # here, and the recipe below: who names a corpus needs no YAML
        from maslin.manifests.recipe.typed_yaml import suggestion

        raise UsageError(f"{workspace}: no finished corpus {name} here{suggestion(str(name), found.values())}")
    return chosen


def corpora_of(asked: str, workspace: Path, say: Callable[[str], None] = lambda line: None) -> list[Path]:
    """The corpora of a recipe (a YAML file), the one in a step directory, or those of this name in the workspace.

    `say` hears when a recipe's corpus was built from other steps than the recipe has now.
    """
    path = Path(asked)
    if path.is_dir() and is_complete(path):
        if (kind := read_manifest(path).kind) != "corpus":
            raise UsageError(f"{path}: a step of kind {kind}, not a corpus.")
        return [path]
    if path.is_file() or path.suffix in (".yaml", ".yml"):
        return _recipe_corpora(path, workspace, say)
    return finished_corpora(workspace, asked)


def origins_of(asked: str) -> Origins:
    """Where the code of people's own rules is, if a recipe is named: it is loaded from nowhere else."""
    path = Path(asked)
    if not path.is_file() or path.suffix not in (".yaml", ".yml"):
        return {}
    from maslin.manifests.recipe.reading import read_recipe

    return read_recipe(path).origins


def _recipe_corpora(recipe_path: Path, workspace: Path, say: Callable[[str], None]) -> list[Path]:
    """The finished corpora of a recipe, as its last build left them."""
    from maslin.manifests.recipe.reading import read_recipe

    recipe = read_recipe(recipe_path)
    lock = read_lock(workspace, recipe.name)
    known = lock.groups.get("corpora", {}) if lock else {}
    found = []
    for name, corpus in recipe.corpora.items():
        if name in known and is_current(workspace / known[name]):
            found.append(workspace / known[name])
            manifest = read_manifest(found[-1])
            steps = held_against_others(corpus.steps, digest_of(manifest.inputs["documents"]))
            if manifest.parameters["steps"] != [step.to_json() for step in steps]:
                say(f"corpus {name} was built from other steps than {recipe_path} has now; this is of the one built")
    if not found:
        raise UsageError(
            f"{recipe_path}: none of its corpora is built in {workspace}. Run `maslin curate {recipe_path}` first, "
            "or give --workspace.")
    return found
