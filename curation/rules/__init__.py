"""Per-document curation steps: rules that decide, edits that also change the text. One file a step.

Each module has `judge(batch, parameters) -> Decision`, a pure function (an edit returns an `Edited`) that the step's
declaration in manifests/steps names, with the numbers it measures. Modules are imported when a recipe first needs them,
since each brings its own models and kernels.
"""

import functools
from collections.abc import Callable

from maslin.curation.text.batch import Decision
from maslin.manifests.errors import UsageError
from maslin.manifests.named import named
from maslin.manifests.steps.spec import CurationStep, Origin

Judge = Callable[..., Decision]


def bind(step: CurationStep, origin: Origin | None = None) -> Judge:
    """The step's function of a batch, with its parameters, resolved, bound.

    `origin`: where the code of a person's own rule is. Raises UsageError where that is not given, and for a step that
    does not decide document by document.
    """
    if step.spec.code is not None:
        from maslin.curation.rules import own  # here: steps of ours need none of it

        return own.bind(step, origin)
    if step.spec.role == "barrier":
        raise UsageError(f"{step.name}: not a per-document step: it decides over all documents.")
    return functools.partial(named(step.spec.kernel), parameters=step.resolved().parameters)
