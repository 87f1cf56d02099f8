"""Write docs/rules.md from the code: `python docs/make_rules.py`. A test keeps the page in step."""

import ast
import dataclasses
import inspect
import typing
from pathlib import Path
from typing import Any

from maslin.manifests.recipe.earlier import Against
from maslin.manifests.steps.known import STEPS
from maslin.manifests.steps.presets import PRESETS
from maslin.manifests.steps.spec import CurationStep, StepSpec

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "rules.md"

_HEAD = """# The curation steps

Made from the code by `python docs/make_rules.py`: what a recipe may name under `steps`, where each rule comes from,
what it removes, and its parameters with their defaults. A *rule* decides document by document, an *edit* also changes
the text; a *barrier* decides over all documents. Each removed document is in the ledger with the measured value and
the threshold; the *signals* of a rule are kept for every document it saw.
"""

_ROLES = {"rule": "rule", "barrier": "barrier", "editing_barrier": "barrier that edits"}


def page() -> str:
    """The whole page as Markdown."""
    parts = [_HEAD]
    parts += map(_section, STEPS.values())
    parts.append("## Presets\n")
    parts.append("Each stands for its steps, which the resolved recipe has with all their parameters.\n")
    for name, preset in PRESETS.items():
        steps = " → ".join(f"`{step.name}`{_settings(step)}" for step in preset.steps)
        parts.append(f"- `{name}`: {steps}. Source: {preset.source}.\n")
    return "\n".join(parts)


def _section(spec: StepSpec) -> str:
    about = "\n\n".join(
        inspect.cleandoc(each.__doc__) for each in reversed(spec.parameters.__mro__) if dataclasses.is_dataclass(each))
    module = spec.kernel.split(":")[0].removeprefix("maslin.").replace(".", "/") + ".py"
    kernel = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    lines = [f"## `{spec.name}`\n", f"*{_ROLES[spec.role]}, version {spec.version}*\n", about]
    lines.append("\n" + inspect.cleandoc(ast.get_docstring(kernel) or ""))
    if spec.signals:
        lines.append("\nSignals: " + ", ".join(f"`{spec.name}.{signal}`" for signal in spec.signals))
    lines.append(f"\nSource: {spec.sources}" + "\n\n| rule | drops where |\n|---|---|" * bool(spec.rules))
    lines += [f"| `{rule.name}` | {rule.formula} |" for rule in spec.rules]
    fields = dataclasses.fields(spec.parameters)
    if fields:
        hints = typing.get_type_hints(spec.parameters)
        lines.append("\n| parameter | default | values |\n|---|---|---|")
        for field in fields:
            values = _values(hints[field.name], field.metadata)
            lines.append(f"| `{field.name}` | `{_shown(field.default)}` | {values} |")
    return "\n".join(lines) + "\n"


def _settings(step: CurationStep) -> str:
    """The parameters that are not at their defaults."""
    parameters = step.parameters
    changed = [
        f"{field.name}: {_shown(getattr(parameters, field.name))}" for field in dataclasses.fields(parameters)
        if getattr(parameters, field.name) != field.default
    ]
    return f" ({', '.join(changed)})" if changed else ""


def _shown(value: Any) -> str:
    if isinstance(value, Against):
        value = value.digests
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _values(hint: Any, bounds: typing.Mapping[str, Any]) -> str:
    if hint is Against:
        return "a path or pattern, or a list of them"
    if typing.get_origin(hint) is typing.Literal:
        return ", ".join(f"`{choice}`" for choice in typing.get_args(hint))
    arguments = [argument for argument in typing.get_args(hint) if argument is not type(None)]
    if typing.get_origin(hint) is tuple:
        text = "a list"
    elif arguments:
        return _values(arguments[0], bounds) + ", or left to the variant"
    else:
        text = {int: "whole number", float: "number", str: "text", bool: "true or false"}[hint]
    return text + (f", {bounds['min']:g} to {bounds['max']:g}" if {"min", "max"} <= set(bounds) else "")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
