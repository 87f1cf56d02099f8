"""YAML to frozen dataclasses, with errors that name file, line and key, and suggest the nearest key."""

import contextlib
import dataclasses
import difflib
import types
import typing
from pathlib import Path
from typing import Any, Literal, NoReturn, Union

import yaml

from maslin.manifests.errors import RecipeError

MAX_FILE_BYTES = 4 << 20


class Node:
    """A YAML node with its place: the file, the line and the path of keys that lead to it.

    Nodes are read as types ask for them, never expanded whole, so aliases that multiply cost nothing.
    """

    __slots__ = ("_document", "_line", "_node", "path")

    def __init__(
        self, document: "Document | Settings", node: yaml.Node, path: str, key: yaml.Node | None = None,
    ) -> None:
        self._document, self._node, self.path = document, node, path
        self._line = (key or node).start_mark.line + 1  # a value below its key is looked for at the key

    @property
    def place(self) -> str:
        """`file:line: path.of.keys`, as messages begin."""
        where = f"{self._document.name}:{self._line}"
        return f"{where}: {self.path}" if self.path else where

    @property
    def folder(self) -> Path:
        """The folder that paths in the file are relative to."""
        return Path(self._document.name).parent

    def fail(self, message: str) -> NoReturn:
        """Raise RecipeError with the place of this node before the message."""
        raise RecipeError(f"{self.place}: {message}")

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
        """The entries of a mapping. Fails when it is none, a key is no string, or a key stands twice."""
        if not isinstance(self._node, yaml.MappingNode):
            self.fail(f"expected a mapping (key: value), found {self.describe()}")
        entries: dict[str, Node] = {}
        for key_node, value_node in self._node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            child = Node(self._document, value_node, f"{self.path}.{key}" if self.path else str(key), key_node)
            if key is None or key_node.tag == "tag:yaml.org,2002:merge":
                Node(self._document, key_node, self.path).fail("keys are plain strings here")
            if key in entries:
                child.fail("this key stands twice")
            entries[key] = child
        return entries

    def items(self) -> list["Node"]:
        """The entries of a list."""
        if not isinstance(self._node, yaml.SequenceNode):
            self.fail(f"expected a list [a, b], found {self.describe()}")
        return [Node(self._document, item, f"{self.path}[{index}]") for index, item in enumerate(self._node.value)]

    def scalar(self) -> Any:
        """The value of a scalar: str, int, float, bool or None."""
        if not isinstance(self._node, yaml.ScalarNode):
            self.fail(f"expected a single value, found {self.describe()}")
        try:
            return _constructor.construct_object(self._node)
        except (yaml.YAMLError, ValueError) as error:
            self.fail(f"not a readable value ({error})")

    def describe(self) -> str:
        if self.is_mapping:
            return "a mapping"
        if self.is_list:
            return "a list"
        return f"`{getattr(self._node, 'value', '')}`"

    def check_keys(self, entries: dict[str, "Node"], known: list[str]) -> None:
        """Fail on the first unknown key, naming the nearest known one."""
        for key, child in entries.items():
            if key not in known:
                child.fail(f"unknown key `{key}`{suggestion(key, known)}")


class Document:
    """A parsed YAML file."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise RecipeError(f"{path}: larger than {MAX_FILE_BYTES} bytes: not a recipe.")
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise RecipeError(f"{path}: no such file.") from error
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"{path}: cannot be read as UTF-8 text ({error}).") from error
        self.root = Node(self, _compose(text, self.name), "")


class Settings:
    """Settings of a command line, `step.parameter=value` each, as a mapping in YAML."""

    def __init__(self, settings: typing.Sequence[str]) -> None:
        self.name = "--set"
        for setting in settings:
            if not all(setting.partition("=")):
                raise RecipeError(f"--set {setting}: expected STEP.PARAMETER=VALUE, as in c4.min_words_per_line=3.")
        pairs = (setting.partition("=") for setting in settings)
        self.root = Node(self, _compose("\n".join(f"{key.strip()}: {value}" for key, _, value in pairs), self.name), "")


def _compose(text: str, name: str) -> yaml.Node:
    """The YAML tree of a text; `name` for messages. Raises RecipeError when it is none, or empty."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise RecipeError(f"{name}:{line}: not valid YAML: {error.problem or error.context}.") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise RecipeError(f"{name}: not valid YAML: {error}.") from error
    if node is None:
        raise RecipeError(f"{name}: the file is empty.")
    return node


_constructor = yaml.SafeLoader("")


def suggestion(word: str, known: typing.Iterable[str]) -> str:
    """`; did you mean `x`?`, or the list of what is known when nothing is near."""
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; known here: {', '.join(known)}" if known else ""


def not_one_of(value: Any, choices: typing.Iterable[Any]) -> str:
    """The sentence for a word that is none of those there are, with the nearest one."""
    names = [str(choice) for choice in choices]
    near = difflib.get_close_matches(str(value), names, n=1, cutoff=0.5)
    return f"`{value}` is not one of {', '.join(names)}" + (f"; did you mean `{near[0]}`?" if near else "")


def convert(node: Node, kind: Any, metadata: typing.Mapping[str, Any] | None = None) -> Any:
    """Turn a node into a value of type `kind`: dataclass, Literal, union, tuple[X, ...], dict[str, X], scalar types.

    A class with a `from_yaml(node)` is asked itself. `metadata` may hold inclusive bounds `min` and `max` for a number.
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
            return (convert(node, item_kind),)
        return tuple(convert(item, item_kind) for item in node.items())
    if origin is dict:
        _, value_kind = typing.get_args(kind)
        return {key: convert(child, value_kind, metadata) for key, child in node.mapping().items()}
    return _convert_scalar(node, kind, metadata or {})


def convert_dataclass(node: Node, kind: Any, skip: tuple[str, ...] = ()) -> Any:
    """Fill a dataclass from a mapping; missing keys take the defaults, an absent value means all defaults.

    A class whose values have to fit together says by a method `wrong()` which key does not, and why; or None.
    """
    entries = {} if node.is_null else node.mapping()
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind) if field.name not in skip}
    node.check_keys(entries, [*fields, *skip])
    values = {}
    for name, field in fields.items():
        if name in entries:
            values[name] = convert(entries[name], hints[name], field.metadata)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            node.fail(f"`{name}` is missing")
    filled = kind(**values)
    check_whole(filled, entries, node)
    return filled


def check_whole(filled: Any, entries: typing.Mapping[str, Node], otherwise: Node) -> None:
    """Fail at the key for which the dataclass says that it does not fit, or at `otherwise` where it is not written."""
    if found := filled.wrong() if hasattr(filled, "wrong") else None:
        key, words = found
        entries.get(key, otherwise).fail(words)


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
        value = float(value)
    if kind is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        names = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
        node.fail(f"expected {names.get(kind, kind.__name__)}, found {node.describe()}")
    if isinstance(value, float) and value != value:
        node.fail("not a number (nan)")
    if "min" in bounds and value < bounds["min"]:
        node.fail(f"{value} is too small: at least {bounds['min']}")
    if "max" in bounds and value > bounds["max"]:
        node.fail(f"{value} is too large: at most {bounds['max']}")
    return value
