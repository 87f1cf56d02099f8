"""What the parsers of the command take, as shells need to know it."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from maslin.flows.arguments import path_or_name, safe_path

FILES, FOLDERS = "files", "folders"


@dataclass(frozen=True)
class Value:
    """What stands for an argument: one of `choices`, a path (`paths`: FILES or FOLDERS), or something of one's own."""

    name: str
    choices: tuple[str, ...] = ()
    paths: str | None = None


@dataclass(frozen=True)
class Option:
    """`names`: `-n`, `--number`. `value`: None: it stands alone."""

    names: tuple[str, ...]
    about: str
    value: Value | None


@dataclass(frozen=True)
class Place:
    """The words that lead to a parser (`("manifest", "show")`; none: the command itself), and what may follow.

    `actions`: (name, line of help) of the parsers below.
    """

    words: tuple[str, ...]
    actions: tuple[tuple[str, str], ...]
    options: tuple[Option, ...]
    values: tuple[Value, ...]


def places(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[Place]:
    """A parser, and all below it."""
    actions: list[tuple[str, str]] = []
    options: list[Option] = []
    values: list[Value] = []
    below: list[Place] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            actions += [(choice.dest, choice.help or "") for choice in action._choices_actions]
            for name, sub in action.choices.items():
                below += places(sub, (*words, name))
        elif action.option_strings:
            value = None if action.nargs == 0 else _value(action)
            options.append(Option(tuple(action.option_strings), action.help or "", value))
        else:
            values.append(_value(action))
    yield Place(words, tuple(actions), tuple(options), tuple(values))
    yield from below


def _value(action: argparse.Action) -> Value:
    name = action.metavar if isinstance(action.metavar, str) else action.dest
    paths = None
    if action.type in (safe_path, path_or_name):
        paths = FOLDERS if name.endswith("DIR") else FILES
    return Value(name, tuple(map(str, action.choices or ())), paths)
