"""Write docs/rules.md from the code: `python docs/make_rules.py`. A test keeps the page in step."""

import ast
import dataclasses
import inspect
import typing
from pathlib import Path
from typing import Any

from maslin.manifests.steps.rules import RULES
from maslin.manifests.steps.steps import PRESETS, STEPS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "rules.md"

_HEAD = """# The curation steps

Made from the code by `python docs/make_rules.py`: what a recipe may name under `steps`, where each rule comes from,
what it removes, and its parameters with their defaults. A *rule* decides document by document, an *edit* also changes
the text; a *barrier* decides over all documents. Each removed document is in the ledger with the measured value and
the threshold; the *signals* of a rule are kept for every document it saw.
"""

_ROLES = {"rule": "rule", "barrier": "barrier", "editing_barrier": "barrier that edits"}

# Barriers have no module below curation/rules; where their text stands instead.
_BARRIER_MODULES = {
    "exact_dedup": None, "near_dedup": "curation/dedup/near.py", "c4_url_dedup": "curation/dedup/urls.py",
}


def page() -> str:
    """The whole page as Markdown."""
    parts = [_HEAD]
    for name in STEPS:
        parts.append(_section(name))
    parts.append("## Presets\n")
    parts.append("Each stands for its steps, which the resolved recipe has with all their parameters.\n")
    for name, preset in PRESETS.items():
        steps = " → ".join(f"`{step}`{_settings(parameters)}" for step, parameters in preset.steps)
        parts.append(f"- `{name}`: {steps}. Source: {preset.source}.\n")
    return "\n".join(parts)


def _section(name: str) -> str:
    spec = STEPS[name]
    module = _BARRIER_MODULES.get(name, f"curation/rules/{name}.py")
    about = inspect.cleandoc(spec.parameters.__doc__)
    lines = [f"## `{name}`\n", f"*{_ROLES[spec.role]}, version {spec.version}*\n", about]
    if module is not None:
        tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
        lines.append("\n" + inspect.cleandoc(ast.get_docstring(tree) or ""))
        if signals := _signals(tree):
            lines.append("\nSignals: " + ", ".join(f"`{name}.{signal}`" for signal in signals))
    lines.append(f"\nSource: {RULES[name].sources}" + "\n\n| rule | drops where |\n|---|---|" * bool(RULES[name].rules))
    lines += [f"| `{rule.name}` | {rule.formula} |" for rule in RULES[name].rules]
    fields = dataclasses.fields(spec.parameters)
    if fields:
        hints = typing.get_type_hints(spec.parameters)
        lines.append("\n| parameter | default | values |\n|---|---|---|")
        for field in fields:
            values = _values(hints[field.name], field.metadata)
            lines.append(f"| `{field.name}` | `{_shown(field.default)}` | {values} |")
    return "\n".join(lines) + "\n"


def _settings(parameters: Any) -> str:
    """The parameters that are not at their defaults."""
    changed = [
        f"{field.name}: {_shown(getattr(parameters, field.name))}" for field in dataclasses.fields(parameters)
        if getattr(parameters, field.name) != field.default
    ]
    return f" ({', '.join(changed)})" if changed else ""


def _signals(tree: ast.Module) -> list[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "SIGNALS" for t in node.targets):
            try:
                return list(ast.literal_eval(node.value))
            except ValueError:  # computed from parts: the module's text names them
                return []
    return []


def _shown(value: Any) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _values(hint: Any, bounds: typing.Mapping[str, Any]) -> str:
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
