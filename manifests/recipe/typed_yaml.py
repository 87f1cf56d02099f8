"""YAML to frozen dataclasses, with errors that name file, line, column and key, and suggest the nearest key."""

import contextlib
import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal, NoReturn, Union

import yaml

from maslin.manifests.errors import RecipeError, UsageError
from maslin.manifests.recipe.faults import BROKEN, Fault, Faults, Partial, Position, is_whole
from maslin.manifests.recipe.recipe_file import read_text

_SHOWN_CHARACTERS = 80  # of a value, in messages


class Node:
    """A YAML node with its place: the file, line and column, and the path of keys that lead to it.

    Nodes are read as types ask for them, never expanded whole, so aliases that multiply cost nothing. `supposed`: of a
    key that is none, and stands for the one that was meant: what is wrong with this value itself has been told.
    """

    __slots__ = ("_document", "_node", "_parent", "path", "supposed")

    def __init__(
        self, document: "Text", node: yaml.Node, path: str, parent: yaml.Node | None = None, supposed: bool = False,
    ) -> None:
        """`parent`: the key of the value, or the list that the item is in."""
        self._document, self._node, self._parent = document, node, parent
        self.path, self.supposed = path, supposed

    @property
    def faults(self) -> Faults:
        return self._document.faults

    @property
    def at(self) -> Position:
        """Line and column of the value, or of its key when the value begins below it, or is an alias."""
        return _position(self._parent if self._parent is not None and self._begins_elsewhere else self._node)

    @property
    def _begins_elsewhere(self) -> bool:
        if self._parent is None:
            return False
        here, parent = self._node.start_mark, self._parent.start_mark
        is_above = (here.line, here.column) < (parent.line, parent.column)  # an alias: the node lies at its anchor
        return is_above or (self._is_value and here.line > parent.line and not isinstance(self._node, yaml.ScalarNode))

    @property
    def _is_value(self) -> bool:
        return not isinstance(self._parent, yaml.SequenceNode)

    @property
    def _at_key(self) -> Position:
        return _position(self._parent) if self._parent is not None and self._is_value else self.at

    @property
    def place(self) -> str:
        """`file:line:column: path.of.keys`, as messages begin."""
        return self._document.place(self.at, self.path)

    @property
    def folder(self) -> Path:
        """The folder that paths in the file are relative to."""
        return Path(self._document.name).parent

    def fault(self, message: str, at_key: bool = False) -> Fault:
        """What is wrong, with the place of this node before it, or of its key."""
        at = self._at_key if at_key else self.at
        return Fault(f"{self._document.place(at, self.path)}: {message}", at, message, self.supposed)

    def fail(self, message: str) -> NoReturn:
        """Raise RecipeError with the place of this node before the message."""
        raise self.fault(message)

    @property
    def is_null(self) -> bool:
        return isinstance(self._node, yaml.ScalarNode) and self._node.tag == "tag:yaml.org,2002:null"

    @property
    def is_mapping(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self._node, yaml.SequenceNode)

    def mapping(self) -> dict[str, "Node"]:
        """The entries of a mapping; fails when it is none. A key that is no string, or stands twice, is a fault."""
        if not isinstance(self._node, yaml.MappingNode):
            self.fail(f"expected a mapping (key: value), found {self.describe()}")
        entries: dict[str, Node] = {}
        for key_node, value_node in self._node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or key_node.tag == "tag:yaml.org,2002:merge":
                self.faults.add(Node(self._document, key_node, self.path).fault("keys are plain strings here"))
                continue
            child = Node(self._document, value_node, f"{self.path}.{key}" if self.path else key, key_node)
            if key in entries:
                self.faults.add(child.fault("this key stands twice", at_key=True))
            else:
                entries[key] = child
        return entries

    def items(self) -> list["Node"]:
        """The entries of a list."""
        if not isinstance(self._node, yaml.SequenceNode):
            self.fail(f"expected a list [a, b], found {self.describe()}")
        return [Node(self._document, item, f"{self.path}[{index}]", self._node)
                for index, item in enumerate(self._node.value)]

    def scalar(self) -> Any:
        """The value of a scalar: str, int, float, bool or None."""
        if not isinstance(self._node, yaml.ScalarNode):
            self.fail(f"expected a single value, found {self.describe()}")
        try:
            return _constructor.construct_object(self._node)
        except (yaml.YAMLError, ValueError):
            self.fail(f"{self.describe()} is not a readable value: put it in quotes if it is text")

    def describe(self) -> str:
        if self.is_mapping:
            return "a mapping"
        if self.is_list:
            return "a list"
        return f"`{self.written}`" if self.written else "nothing"

    @property
    def written(self) -> str:
        """A scalar as it stands in the file, its beginning where it is long."""
        text = str(getattr(self._node, "value", ""))
        return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"

    def missing(self, key: str, words: str = "") -> Fault:
        """The fault that a mapping lacks a key; `words` say what it is for."""
        return self.fault(f"`{key}` is missing{words and ': '}{words}", at_key=True)

    def check_keys(self, entries: dict[str, "Node"], known: Sequence[str], required: Sequence[str] = ()) -> None:
        """A fault for every unknown key, naming the nearest known one, or that of the `required` ones that is missing.

        Where that is not written, its entry is put in its place, so that one slip is not found missing, too.
        """
        for key in [key for key in entries if key not in known]:
            child = entries.pop(key)
            missing = [each for each in required if each not in entries]
            meant = _nearest(key, missing) or _nearest(key, known) or next(iter(missing), None)
            asked = f"; did you mean `{meant}`?" if meant is not None else suggestion(key, known)
            self.faults.add(child.fault(f"unknown key `{key}`{asked}", at_key=True))
            if meant is not None and meant not in entries:
                entries[meant] = Node(self._document, child._node, f"{self.path}.{meant}" if self.path else meant,
                                      child._parent, supposed=True)


class Text:
    """YAML of one origin, its `root`, and what is found to be wrong with it. `name`: of the origin, in messages."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.faults = name, Faults()
        self.root = Node(self, _compose(text, name), "")

    def place(self, at: Position, path: str) -> str:
        where = f"{self.name}:{at[0]}:{at[1]}"
        return f"{where}: {path}" if path else where


class Document(Text):
    """A YAML file."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), read_text(path))


class Settings(Text):
    """Settings of a command line, `step.parameter=value` each, as a mapping in YAML."""

    def __init__(self, settings: Sequence[str]) -> None:
        for setting in settings:
            if not all(setting.partition("=")):
                raise RecipeError(f"--set {setting}: expected STEP.PARAMETER=VALUE, as in c4.min_words_per_line=3.")
        pairs = (setting.partition("=") for setting in settings)
        super().__init__("--set", "\n".join(f"{key.strip()}: {value}" for key, _, value in pairs))

    def place(self, at: Position, path: str) -> str:
        return f"{self.name} {path}"


def _position(node: yaml.Node) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _compose(text: str, name: str) -> yaml.Node:
    """The YAML tree of a text; `name` for messages. Raises RecipeError when it is none, or empty."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise RecipeError(f"{where}: not valid YAML: {error.problem or error.context}.") from error
    except yaml.reader.ReaderError as error:
        before = text[:error.position]
        where = f"{name}:{before.count(chr(10)) + 1}:{error.position - before.rfind(chr(10))}"
        raise RecipeError(f"{where}: the sign U+{error.character:04X} cannot stand in YAML.") from error
    except RecursionError as error:
        raise RecipeError(f"{name}: not a recipe: lists or mappings within each other, hundreds deep.") from error
    if node is None:
        raise RecipeError(f"{name}: the file is empty.")
    return node


_constructor = yaml.SafeLoader("")


def suggestion(word: str, known: typing.Iterable[str]) -> str:
    """`; did you mean `x`?`, or the list of what is known when nothing is near."""
    known = list(known)
    if near := _nearest(word, known):
        return f"; did you mean `{near}`?"
    return f"; known here: {', '.join(known)}" if known else ""


def _nearest(word: str, known: typing.Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word[:_SHOWN_CHARACTERS], list(known), n=1, cutoff=0.5)), None)


def not_one_of(value: Any, choices: typing.Iterable[Any]) -> str:
    """The sentence for a word that is none of those there are, with the nearest one."""
    names = [str(choice) for choice in choices]
    near = _nearest(str(value), names)
    return f"`{str(value)[:_SHOWN_CHARACTERS]}` is not one of {', '.join(names)}" + (
        f"; did you mean `{near}`?" if near else "")


def convert(node: Node, kind: Any, metadata: typing.Mapping[str, Any] | None = None) -> Any:
    """Turn a node into a value of type `kind`: dataclass, Literal, union, tuple[X, ...], dict[str, X], scalar types.

    A class with a `from_yaml(node)` is asked itself. `metadata` may hold inclusive bounds `min` and `max` for a number,
    or for each of a list or mapping. Fails for a value; what is wrong within a collection is gathered and BROKEN there.
    """
    origin = typing.get_origin(kind)
    if hasattr(kind, "from_yaml"):
        return kind.from_yaml(node)
    if dataclasses.is_dataclass(kind):
        return convert_dataclass(node, kind)
    if origin is Literal:
        value, choices = node.scalar(), typing.get_args(kind)
        if value not in choices or isinstance(value, bool):
            node.fail(not_one_of(value, choices))
        return value
    if origin in (Union, types.UnionType):
        choices = [choice for choice in typing.get_args(kind) if choice is not type(None)]
        return None if node.is_null else convert(node, choices[0], metadata)
    if origin is tuple:
        (item_kind, _) = typing.get_args(kind)
        if not node.is_list and not node.is_mapping:  # one value stands for a list of one
            return (convert(node, item_kind, metadata),)
        return tuple(node.faults.attempt(partial(convert, item, item_kind, metadata)) for item in node.items())
    if origin is dict:
        _, value_kind = typing.get_args(kind)
        return {key: node.faults.attempt(partial(convert, child, value_kind, metadata))
                for key, child in node.mapping().items()}
    return _convert_scalar(node, kind, metadata or {})


def convert_dataclass(
    node: Node, kind: Any, skip: tuple[str, ...] = (), entries: dict[str, Node] | None = None,
    required: Sequence[str] = (),
) -> Any:
    """Fill a dataclass from a mapping; missing keys take the defaults, an absent value means all defaults.

    A class whose values have to fit together says by a method `wrong()` which key does not, and why; or None. Where
    values are wrong or missing they are BROKEN, and the whole is Partial. `skip`: keys that are read elsewhere, some of
    them `required`; `entries`: those of the mapping, where its keys were looked at before.
    """
    if entries is None:
        entries = {} if node.is_null else node.mapping()
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind) if field.name not in skip}
    missing = dataclasses.MISSING
    required = [
        *required, *(name for name, field in fields.items() if field.default is field.default_factory is missing)]
    node.check_keys(entries, [*fields, *skip], required)
    values = {}
    for name, field in fields.items():
        if name in entries:
            values[name] = node.faults.attempt(partial(convert, entries[name], hints[name], field.metadata))
        elif name in required:
            node.faults.add(node.missing(name))
            values[name] = BROKEN
        else:
            values[name] = field.default if field.default is not missing else field.default_factory()
    if not is_whole(values):
        return Partial(values)
    try:
        filled = kind(**values)
    except UsageError as error:
        node.fail(str(error))
    check_whole(filled, entries, node)
    return filled


def check_whole(filled: Any, entries: typing.Mapping[str, Node], otherwise: Node) -> None:
    """A fault at the key for which the dataclass says that it does not fit, or at `otherwise` if it is not written."""
    if found := filled.wrong() if hasattr(filled, "wrong") else None:
        key, words = found
        otherwise.faults.add(entries.get(key, otherwise).fault(words))


def _convert_scalar(node: Node, kind: type, bounds: typing.Mapping[str, Any]) -> Any:
    value = node.scalar()
    if kind is str and isinstance(value, bool):
        node.fail(f"YAML reads {node.describe()} as true or false; put it in quotes")
    if kind is str and isinstance(value, int | float):
        value = str(value)
    if kind in (int, float) and isinstance(value, str):
        with contextlib.suppress(ValueError):  # YAML 1.1 reads 1e-3 as text
            value = float(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < _LARGEST else math.copysign(_LARGEST, value)
    if kind is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    if kind is str and isinstance(value, date):
        node.fail(f"YAML reads {node.describe()} as a date; put it in quotes")
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        names = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
        node.fail(f"expected {names.get(kind, kind.__name__)}, found {node.describe()}")
    if isinstance(value, float) and not math.isfinite(value):
        node.fail(f"{node.describe()} is no finite number")
    if "min" in bounds and value < bounds["min"]:
        node.fail(f"{node.written} is too small: at least {_bound(bounds['min'])}")
    if "max" in bounds and value > bounds["max"]:
        node.fail(f"{node.written} is too large: at most {_bound(bounds['max'])}")
    return value


_LARGEST = 1e300  # as a float; larger integers are as wrong


def _bound(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"
