"""SPDX licence expressions: reading them, writing them in one form, and telling whether they are permissive.

Not by the package license-expression 30.4: of 95 expressions of our golden records and tests it writes 20 otherwise
(a bare "GPL-2.0" becomes "-only", which a licence text does not say; "Apache-2.0+", our LicenseRefs and "/" are errors;
what nests is not joined), it takes 70 us for one where this takes 17, 160 ms to start, and has no bounds of depth.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

MAX_TOKENS = 200
MAX_DEPTH = 20
OTHER_TERMS = "LicenseRef-Other-Terms"  # ours, for what no known licence has


# An identifier ("MIT"), or an operator and its operands: ("OR", "MIT", ("AND", …)), ("WITH", licence, exception).
Expression = str | tuple

_TOKEN = re.compile(r"\s*(?:([()/])|([A-Za-z0-9][A-Za-z0-9.+:-]*))")
_GNU = re.compile(r"\b((?:A|L)?GPL-\d\.\d|GFDL-1\.\d)(?![-+.\w])")


@cache
def _known() -> tuple[dict[str, str], dict[str, str]]:
    """Identifiers of licences and of exceptions, by their lower-case form."""
    text = (Path(__file__).parent / "data" / "spdx_ids.txt").read_text(encoding="utf-8")
    licences, exceptions = text.split("\n---\n")
    return (
        {name.lower(): name for name in licences.splitlines() if not name.startswith("#")},
        {name.lower(): name for name in exceptions.split()},
    )


def licence_id(name: str) -> str | None:
    """The identifier of the SPDX list written as the list writes it; "GPL-2.0+" becomes "GPL-2.0-or-later"."""
    licences, _ = _known()
    if name.lower().startswith("licenseref-"):
        return f"LicenseRef-{name[11:]}"
    if name.startswith("DocumentRef-"):
        return name
    found = licences.get(name.lower())
    if found is None and name.endswith("+"):
        found = licences.get(name[:-1].lower())  # "Apache-2.0+": or later, which SPDX writes with the plus
        return found and (f"{found}+" if not _GNU.fullmatch(found) else f"{found}-or-later")
    if found and found.endswith("+") and _GNU.fullmatch(found[:-1]):
        return f"{found[:-1]}-or-later"
    return found


def parse(text: str) -> Expression | None:
    """The expression in `text`, or None where it is none; `/` (older Cargo files) reads as OR."""
    tokens, position = [], 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or len(tokens) >= MAX_TOKENS:
            return None
        tokens.append("OR" if match[1] == "/" else match[1] or match[2])
        position = match.end()
    parsed, rest = _either(tokens, 0, 0)
    return parsed if parsed is not None and rest == len(tokens) else None


def _either(tokens: list[str], at: int, depth: int) -> tuple[Expression | None, int]:
    def all_of(start: int) -> tuple[Expression | None, int]:
        return _chain(tokens, start, "AND", lambda place: _one(tokens, place, depth))

    return _chain(tokens, at, "OR", all_of)


def _chain(
    tokens: list[str], at: int, operator: str, operand: Callable[[int], tuple[Expression | None, int]]
) -> tuple[Expression | None, int]:
    found = []
    while True:
        part, at = operand(at)
        if part is None:
            return None, at
        found += part[1:] if isinstance(part, tuple) and part[0] == operator else [part]
        if at >= len(tokens) or tokens[at].upper() != operator:
            distinct = tuple(dict.fromkeys(found))
            return (distinct[0] if len(distinct) == 1 else (operator, *distinct)), at
        at += 1


def _one(tokens: list[str], at: int, depth: int) -> tuple[Expression | None, int]:
    if at >= len(tokens) or depth > MAX_DEPTH:
        return None, at
    if tokens[at] == "(":
        inner, at = _either(tokens, at + 1, depth + 1)
        return (inner, at + 1) if inner is not None and at < len(tokens) and tokens[at] == ")" else (None, at)
    name = licence_id(tokens[at])
    if name is None or at + 2 >= len(tokens) or tokens[at + 1].upper() != "WITH":
        return name, at + 1
    exception = _known()[1].get(tokens[at + 2].lower())
    return (("WITH", name, exception) if exception else None), at + 3


def write(expression: Expression) -> str:
    """The expression as text, with no more parentheses than it needs."""
    if isinstance(expression, str):
        return expression
    operator, *operands = expression
    return f" {operator} ".join(
        f"({write(part)})" if isinstance(part, tuple) and part[0] == "OR" and operator == "AND" else write(part)
        for part in operands
    )


def normalise(text: str) -> str | None:
    """The expression in its one form (names as the SPDX list writes them), or None where `text` is no expression."""
    expression = parse(text)
    return None if expression is None else write(expression)


def declared(text: str) -> str | None:
    """What a tag or metadata declare: as `normalise`, and a bare "GPL-2.0" means that version only, as SPDX defines it.

    (A bare GNU licence *text* does not say so: for it "GPL-2.0" stays.)
    """
    expression = normalise(text)
    return None if expression is None else _GNU.sub(r"\1-only", expression)


def combine(operator: str, expressions: list[str]) -> str | None:
    """Join expressions with AND or OR, each once, in order; None for none."""
    distinct = list(dict.fromkeys(expressions))
    if len(distinct) <= 1:
        return distinct[0] if distinct else None
    return normalise(f" {operator} ".join(f"({part})" for part in distinct)) or f" {operator} ".join(distinct)


def identifiers(text: str) -> frozenset[str]:
    """The licences an expression names, without operators and exceptions."""
    expression = parse(text)
    return frozenset() if expression is None else frozenset(_leaves(expression))


def _leaves(expression: Expression) -> list[str]:
    if isinstance(expression, str):
        return [expression]
    if expression[0] == "WITH":
        return [expression[1]]
    return [name for part in expression[1:] for name in _leaves(part)]


@cache
def permissive() -> frozenset[str]:
    """The identifiers of permissive licences: `data/permissive.txt`."""
    lines = (Path(__file__).parent / "data" / "permissive.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


@lru_cache(maxsize=4096)
def is_permissive(text: str | None) -> bool:
    """Whether a licence expression leaves a choice that is permissive: OR needs one such operand, AND all of them.

    An exception (WITH) only adds permissions, so the licence before it decides. None and what cannot be read: False.
    """
    expression = parse(text) if text else None
    return expression is not None and _permissive(expression)


def _permissive(expression: Expression) -> bool:
    if isinstance(expression, str):
        return expression.removesuffix("+") in permissive()
    operator, *operands = expression
    if operator == "WITH":
        return _permissive(operands[0])
    return (any if operator == "OR" else all)(_permissive(part) for part in operands)
