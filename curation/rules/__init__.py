"""Per-document curation steps: rules that decide, edits that also change the text. One file a step.

Each module has `judge(batch, parameters) -> Decision`, a pure function (an edit returns an `Edited`), and `SIGNALS`,
the names of the numbers it measures. Modules are imported when a recipe first needs them, since each brings its own
models and kernels.
"""

import functools
import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from maslin.curation.text.batch import Batch, Decision
from maslin.manifests.errors import UsageError
from maslin.manifests.steps.steps import STEPS

Judge = Callable[[Batch], Decision]

_MODULES = {
    "language": "maslin.curation.rules.language",
    "c4": "maslin.curation.rules.c4",
    "c4_length": "maslin.curation.rules.c4_length",
    "mc4_paragraphs": "maslin.curation.rules.mc4_paragraphs",
    "c4_line_dedup": "maslin.curation.rules.c4_line_dedup",
    "offensive": "maslin.curation.rules.offensive",
    "licence": "maslin.curation.rules.licence",
    "gopher_quality": "maslin.curation.rules.gopher_quality",
    "gopher_repetition": "maslin.curation.rules.gopher_repetition",
    "fineweb": "maslin.curation.rules.fineweb",
    "newline_removal": "maslin.curation.rules.newline_removal",
    "refinedweb": "maslin.curation.rules.refinedweb",
}


def bind(step: str, parameters: dict[str, Any]) -> Judge:
    """The step's function with its parameters (JSON values; missing ones take their defaults) bound.

    Raises UsageError for a step that does not decide document by document.
    """
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in parameters.items()}
    return functools.partial(_module(step).judge, parameters=STEPS[step].parameters(**values))


def signals(step: str) -> tuple[str, ...]:
    """Names of the numbers a step measures, in the order of their columns."""
    return _module(step).SIGNALS


def _module(step: str) -> ModuleType:
    if step not in _MODULES:
        raise UsageError(f"{step}: not a per-document step; these are: {', '.join(_MODULES)}.")
    return importlib.import_module(_MODULES[step])
