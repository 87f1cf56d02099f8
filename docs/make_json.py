"""Write docs/json.md and docs/json-schema.json from the code: `python docs/make_json.py`. A test keeps them in step."""

import argparse
import inspect
import json
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from maslin.flows import cli, torchrun
from maslin.flows.shown.answers import Foreseen

ROOT = Path(__file__).resolve().parents[1]
PAGE, SCHEMA = ROOT / "docs" / "json.md", ROOT / "docs" / "json-schema.json"

_HEAD = """# What commands answer with `--json`

Made from the code by `python docs/make_json.py`. With `--json` a command prints one JSON document of its own type on
standard output and nothing else there; progress, warnings and errors stay on standard error, and exit codes are the
same: 3 may come with a document (outputs that are kept and marked, problems found). A command that could not do its
work prints none. Names are only added, never given another meaning.

`docs/json-schema.json` is the same as JSON Schema (draft 2020-12), a definition for each type below; a test holds every
command's output to it.

| command | answers |
|---|---|
"""

_SCALARS = {str: ("string", "text"), int: ("integer", "whole number"), float: ("number", "number"),
            bool: ("boolean", "true or false"), types.NoneType: ("null", "null")}


def commands() -> Iterator[tuple[str, type]]:
    """Every command that does something, with the type of its answer."""
    yield from _leaves("maslin", cli.parser(cli.COMMANDS))
    yield "python -m maslin.flows.torchrun", torchrun.Trained


def _leaves(name: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, type]]:
    if parser.get_default("function") is not None:
        yield name, parser.get_default("answer")
        if "--dry-run" in parser._option_string_actions:
            yield f"{name} --dry-run", Foreseen
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, sub in action.choices.items():
                yield from _leaves(f"{name} {word}", sub)


def schema() -> dict[str, Any]:
    """JSON Schema: a definition for each type."""
    found: dict[str, Any] = {}
    for _, answer in commands():
        _of(answer, found)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": dict(sorted(found.items()))}


def _of(kind: Any, found: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type; classes go to `found`."""
    if typing.is_typeddict(kind):
        if kind.__name__ not in found:
            found[kind.__name__] = {}
            found[kind.__name__] = {
                "type": "object", "description": inspect.cleandoc(kind.__doc__ or ""), "additionalProperties": False,
                "required": sorted(kind.__required_keys__),
                "properties": {name: _of(each, found) for name, each in _fields(kind).items()}}
        return {"$ref": f"#/$defs/{kind.__name__}"}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [_of(each, found) for each in arguments]}
    if origin is list:
        return {"type": "array", "items": _of(arguments[0], found)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(arguments[1], found)}
    return {} if kind is Any else {"type": _SCALARS[kind][0]}


def _fields(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)  # without NotRequired
    return {name: hints[name] for name in kind.__annotations__ | hints}


def page() -> str:
    """The whole page as Markdown."""
    lines = [_HEAD.rstrip("\n")]
    lines += [f"| `{name}` | [{answer.__name__}](#{answer.__name__.lower()}) |" for name, answer in commands()]
    found: dict[str, Any] = {}
    kinds: dict[str, Any] = {}
    for _, answer in commands():
        _of(answer, found)
        _collect(answer, kinds)
    for name, kind in kinds.items():
        lines += ["", f"## {name}", "", inspect.cleandoc(kind.__doc__ or ""), "", "| name | value |", "|---|---|"]
        lines += [f"| `{field}` | {_words(each)}{'' if field in kind.__required_keys__ else ', or absent'} |"
                  for field, each in _fields(kind).items()]
    return "\n".join(lines) + "\n"


def _collect(kind: Any, kinds: dict[str, Any]) -> None:
    """The classes that a type is made of, in the order in which a reader meets them."""
    if typing.is_typeddict(kind) and kind.__name__ not in kinds:
        kinds[kind.__name__] = kind
        for each in _fields(kind).values():
            _collect(each, kinds)
    for each in typing.get_args(kind):
        _collect(each, kinds)


def _words(kind: Any) -> str:
    if typing.is_typeddict(kind):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(map(_words, arguments))
    if origin is list:
        return f"list of {_words(arguments[0])}"
    if origin is dict:
        return f"by name: {_words(arguments[1])}"
    return "anything" if kind is Any else _SCALARS[kind][1]


def schema_text() -> str:
    return json.dumps(schema(), indent=1) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    SCHEMA.write_text(schema_text(), encoding="utf-8")
