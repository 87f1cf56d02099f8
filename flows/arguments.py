"""What commands share in their arguments: the workspace, types that say what they do not take, typed options.

A command is a module with `add_arguments(parser)`, which ends in `runs(parser, function, Options, Answer)`: `Options`
is a frozen dataclass with a field for each argument, `function(options)` does the work, prints its answer and returns
the exit code.
"""

import argparse
import dataclasses
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from maslin.flows import lines

DEFAULT_WORKSPACE = Path("maslin-work")

Options = TypeVar("Options")


def runs(
    parser: argparse.ArgumentParser, function: Callable[[Options], int], options: type[Options], answer: type,
) -> None:
    """Have what the parser reads run as `function(options(…))`. With `--json` it prints one `answer`, and only that."""
    parser.add_argument(
        "--json", action="store_true", help=f"print one JSON document: {answer.__name__} in docs/json.md")
    parser.set_defaults(function=function, options=options, answer=answer)


def run_parsed(parsed: argparse.Namespace) -> int:
    """Run what the command line says; returns its exit code."""
    lines.use(getattr(parsed, "log_format", lines.FORMATS[0]))
    names = [field.name for field in dataclasses.fields(parsed.options)]
    return parsed.function(parsed.options(**{name: getattr(parsed, name) for name in names}))


def add_workspace(parser: argparse.ArgumentParser, default: Path = DEFAULT_WORKSPACE) -> None:
    parser.add_argument(
        "--workspace", type=safe_path, default=default, metavar="DIR", help=f"where results lie (default: {default})")


def safe_path(text: str) -> Path:
    """The type of an argument that is a file or a folder. Messages name it, so it has no controls in it."""
    if any(unicodedata.category(each) in ("Cc", "Zl", "Zp") for each in text):
        raise argparse.ArgumentTypeError(f"{text}: line feeds and other controls cannot be in a path here")
    return Path(text)


def path_or_name(text: str) -> str:
    """The type of an argument that is a file, a folder or a name: as it stands. Shells complete it by files."""
    return text


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1")
    return number


def size_bytes(text: str) -> int:
    """The type of an amount of memory: 2GB, 512MB, 1.5GiB."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *(k|M|G|T)(i?)B", text.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"{text}: an amount as 2GB or 512MB")
    number, prefix, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** ("kMGT".index(prefix) + 1))


def whole(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text}: 0 or more")
    return number


def not_negative(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: 0 or more")
    return number


def above_zero(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: above 0")
    return number


def fraction(text: str) -> float:
    number = above_zero(text)
    if number > 1:
        raise argparse.ArgumentTypeError(f"{text}: at most 1")
    return number
