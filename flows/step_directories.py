"""Which step directory a person means: a path, or a name that a recipe of the workspace gives it."""

from pathlib import Path

from maslin.flows.shown.text import say
from maslin.manifests.errors import UsageError
from maslin.manifests.locks import all_names, named

NAME_HELP = "a step directory, or a thing of a recipe by its name: NAME or KIND/NAME, as run/text-only-s0"


def step_directory(asked: str, workspace: Path) -> Path:
    """The directory at this path, else that of this name. Raises UsageError when there is neither.

    Of several of one name the first in the order of work is meant (the corpus before its tokens); the others are said.
    """
    if Path(asked).exists():
        return Path(asked)
    found = named(workspace, asked)
    if not found:
        # here: who gives a path needs no YAML
        from maslin.manifests.recipe.typed_yaml import suggestion

        raise UsageError(f"{asked}: no directory, and nothing of this name in {workspace}"
                         f"{suggestion(asked, all_names(workspace))}")
    if others := found[1:]:
        say(f"{found[0]}; also called so: {', '.join(f'{path.parent.name}/{path.name}' for path in others)}")
    return found[0]
