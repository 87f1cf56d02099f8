"""What a curation step declares of itself: parameters with bounds, rules, signals, version, needs, where its kernel is.

Light to import: who reads, plans, explains or counts uses the declarations; kernels are imported where they run. Rules
are data, so that they can be shown, counted alone and tried with other thresholds.
"""

import dataclasses
import json
import operator
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union

from maslin.manifests.errors import UsageError

RULE_ERROR = "rule_error"  # the rule by which documents fail on which a person's own rule raised an error
COMPARE = {"<": operator.lt, ">": operator.gt, ">=": operator.ge}


# Metadata of a parameter that a step got after it had been used: at its default it stands in no manifest, so that what
# was made before the parameter was there keeps its digest.
LATER = {"later": True}


def between(low: float, high: float) -> dict[str, float]:
    """Bounds (inclusive) of a parameter, as the metadata of its field."""
    return {"min": low, "max": high}


def parameters_json(parameters: Any) -> dict[str, Any]:
    """Parameters as JSON values, as they stand in manifests: see `LATER`. A value may have a `to_json` of its own."""
    found = {}
    for each in dataclasses.fields(parameters):
        value = getattr(parameters, each.name)
        if "later" in each.metadata and value == each.default:
            continue
        if hasattr(value, "to_json"):
            value = value.to_json()
        found[each.name] = list(value) if isinstance(value, tuple) else value
    return found


@dataclass(frozen=True)
class Rule:
    """Drops a document where `value op threshold`, or where `words` say.

    `threshold` names the step's parameter, or is the number itself. `signal`: the name of the value among the step's
    signals; None where it is not stored, or no number: then `of` says what is compared. A stored null passes, as there
    was nothing to measure.
    `at_least`: counting stopped where the rule was satisfied, so that a value that passes is a lower bound, and null
    says that another rule of the step came first. `only`: a parameter, and its values under which the rule is tested.
    Methods take resolved parameters.
    """

    name: str
    op: str | None = None
    threshold: str | float | None = None
    signal: str | None = None
    at_least: bool = False
    of: str | None = None
    words: str | None = None
    only: tuple[str, tuple[str, ...]] | None = None

    def applies(self, parameters: Any) -> bool:
        """Whether the step tests it under these parameters."""
        return self.only is None or getattr(parameters, self.only[0]) in self.only[1]

    def limit(self, parameters: Any) -> float | None:
        """The number a value is held against under a step's parameters; None where it is none."""
        value = getattr(parameters, self.threshold) if isinstance(self.threshold, str) else self.threshold
        return float(value) if isinstance(value, int | float) else None

    def fails(self, value: Any, limit: float) -> Any:
        """Whether documents with this value (a number, or an array of them) are dropped; NaN passes."""
        return COMPARE[self.op](value, limit)

    def condition(self, parameters: Any) -> str:
        """What drops a document: `< 3` (of the signal), `language not in en, de`, `a line has {`."""
        if self.words is not None:
            return self.words
        value = getattr(parameters, self.threshold) if isinstance(self.threshold, str) else self.threshold
        if isinstance(value, tuple):
            value = ", ".join(map(str, value))
        shown = f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else value
        return " ".join(filter(None, (self.of, self.op, shown)))

    @property
    def formula(self) -> str:
        """The condition with the parameter's name: `sentences < min_sentences`."""
        if self.words is not None:
            return self.words
        limit = self.threshold if isinstance(self.threshold, str) else f"{self.threshold:g}"
        return " ".join(filter(None, (self.signal or self.of, self.op, limit)))


@dataclass(frozen=True)
class Need:
    """What a step reads besides documents: a `model` that set-up fetches, or a `package` whose version decides.

    `only`: a parameter, and its values under which it is read.
    """

    kind: Literal["model", "package"]
    name: str
    only: tuple[str, tuple[str, ...]] | None = None

    def applies(self, parameters: Any) -> bool:
        return self.only is None or getattr(parameters, self.only[0]) in self.only[1]


@dataclass(frozen=True)
class StepSpec:
    """A curation step, declared once.

    `kernel`: module and function that decide, imported where they run. By `role`: a `rule` decides document by
    document (`judge(batch, parameters)`); a `barrier` over all of them, who leaves; an `editing_barrier` over all of
    them, what of each stays, so that documents are written again: its `search`, module and function, is asked first,
    `find(directory, shards, parameters, memory_bytes, mapper, label, total)`, for a file a shard of what is repeated
    (npy with a field `row`, ascending, among the shard's survivors), which the kernel gets as `repeats`, by row of its
    batch.
    `version`: raised when the code changes what is written.
    `rules` in the order they are tested: the first that holds is the one in the ledger. `source`: the paper or code
    they are of; `variants`: the code that each value of the parameter `variant` follows. `signals`: the numbers
    measured, in the order of their columns. `variant_numbers`: of each variant, what stands for a parameter left None.

    A person's own rule (own.py) is declared the same way. Its `kernel` is a function beside the declaration, and `form`
    says what this takes: a `batch`, as ours do, or with the parameters one `text`, one `document` (a dict of its
    columns), or the text of an `edit`. `code`: the digest of its source, None for steps of ours.
    """

    name: str
    parameters: type
    kernel: str
    source: str
    version: int = 1
    role: Literal["rule", "barrier", "editing_barrier"] = "rule"
    rules: tuple[Rule, ...] = ()
    signals: tuple[str, ...] = ()
    variants: Mapping[str, str] = field(default_factory=dict, hash=False)
    variant_numbers: Mapping[str, Mapping[str, int]] = field(default_factory=dict, hash=False)
    needs: tuple[Need, ...] = ()
    form: Literal["batch", "text", "document", "edit"] = "batch"
    code: str | None = None
    search: str | None = None

    @property
    def own_name(self) -> str:
        """Of a person's own rule: its name and the digest of its source."""
        return f"{self.name}@{self.code}"

    @property
    def sources(self) -> str:
        """All of them, in words."""
        return "; ".join([*self.variants.values(), self.source])

    def source_of(self, parameters: Any) -> str:
        """What the step follows with these parameters."""
        variant = self.variants.get(getattr(parameters, "variant", ""))
        return f"{variant}; {self.source}" if variant else self.source

    @property
    def thresholds(self) -> frozenset[str]:
        """Parameters that stored signals can answer for: each is held against signals, and nothing else rests on it."""
        return frozenset(
            rule.threshold for rule in self.rules if isinstance(rule.threshold, str) and rule.signal is not None)

    def resolved(self, parameters: Any) -> Any:
        """The parameters with everything filled in that was left to a variant."""
        numbers = self._numbers(parameters)
        left = {name: value for name, value in numbers.items() if getattr(parameters, name) is None}
        return dataclasses.replace(parameters, **left) if left else parameters

    def released(self, parameters: Any) -> Any:
        """The other way: None in the place of the variant's numbers, so that another variant brings its own."""
        numbers = self._numbers(parameters)
        same = {name: None for name, value in numbers.items() if getattr(parameters, name) == value}
        return dataclasses.replace(parameters, **same) if same else parameters

    def to_json(self) -> dict[str, Any]:
        """The declaration as data, for a person's own rule: who reads its results later needs no code of theirs."""
        plain = [{
            key: value for key, value in dataclasses.asdict(each).items() if value not in (None, False)
        } for each in (*self.rules, *self.needs)]
        return {
            "source": self.source, "signals": list(self.signals), "form": self.form,
            "rules": plain[:len(self.rules)], "needs": plain[len(self.rules):], "variants": dict(self.variants),
            "variant_numbers": {variant: dict(numbers) for variant, numbers in self.variant_numbers.items()},
            "parameters": {
                each.name: {"type": type_name(_hints(self.parameters)[each.name])}
                | {bound: each.metadata[bound] for bound in ("min", "max") if bound in each.metadata}
                for each in dataclasses.fields(self.parameters)},
        }

    @classmethod
    def from_json(cls, name: str, version: int, code: str, declared: Mapping[str, Any]) -> "StepSpec":
        """The declaration as `to_json` writes it; without a kernel, which is nobody's to load from a result."""
        return _declared(name, version, code, json.dumps(declared, sort_keys=True))

    def _numbers(self, parameters: Any) -> Mapping[str, int]:
        return self.variant_numbers.get(getattr(parameters, "variant", ""), {})

    def decode(self, values: Mapping[str, Any]) -> Any:
        """The parameters of JSON values as manifests hold them: all of them, of their types, within their bounds.

        Those that are `LATER` may be missing. Raises UsageError that says which is not.
        """
        fields = {each.name: each for each in dataclasses.fields(self.parameters)}
        for name in [*values, *fields]:
            if name not in fields or (name not in values and "later" not in fields[name].metadata):
                what = "not known here" if name in values else "missing"
                raise UsageError(f"{self.name}: the parameter {name} is {what}: not an entry of this version's step.")
        hints, found = _hints(self.parameters), {}
        for name, value in values.items():
            try:
                own = name in self._variants_own(values) and value == self._variants_own(values)[name]
                found[name] = value if own else _decoded(value, hints[name], fields[name].metadata)
            except ValueError as error:
                raise UsageError(f"{self.name}: the parameter {name} is {value!r}: {error}.") from error
        return self.parameters(**found)

    def _variants_own(self, values: Mapping[str, Any]) -> Mapping[str, int]:
        """The variant's numbers, which need not lie within a parameter's bounds: no limit is none of them."""
        variant = values.get("variant")
        return self.variant_numbers.get(variant, {}) if isinstance(variant, str) else {}


@dataclass(frozen=True)
class Origin:
    """Where a person's own rule is: in a Python file, or (`file` None) the entry point of an installed package.

    It is no part of any identity: the digest of the source is.
    """

    name: str
    file: Path | None = None


Origins = Mapping[str, Origin]  # of people's own rules, by StepSpec.own_name


@dataclass(frozen=True)
class CurationStep:
    """A step of a corpus: its declaration and typed parameters. `origin`: where a person's own rule was loaded from."""

    spec: StepSpec
    parameters: Any
    origin: Origin | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def is_barrier(self) -> bool:
        """Whether it decides over all documents, so that it is a stage of its own."""
        return self.spec.role != "rule"

    @property
    def stage_kind(self) -> str:
        """The kind of step directory whose last step this is: a `dedup` writes no documents."""
        return "dedup" if self.spec.role == "barrier" else "segment"

    @property
    def needs(self) -> tuple[Need, ...]:
        """What it reads with its parameters."""
        return tuple(need for need in self.spec.needs if need.applies(self.parameters))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules it tests with its parameters."""
        return tuple(rule for rule in self.spec.rules if rule.applies(self.parameters))

    @property
    def against(self) -> tuple[str, ...]:
        """The digests of the earlier corpora that documents are held against."""
        return self.parameters.against.digests if hasattr(self.parameters, "against") else ()

    def resolved(self) -> "CurationStep":
        """With everything filled in that was left to a variant."""
        return dataclasses.replace(self, parameters=self.spec.resolved(self.parameters))

    def released(self) -> "CurationStep":
        """With nothing filled in that the variant would."""
        return dataclasses.replace(self, parameters=self.spec.released(self.parameters))

    def to_json(self) -> dict[str, Any]:
        """As it stands in manifests: name, version and every parameter, with nothing left to be filled in later."""
        entry = {"step": self.name, "version": self.spec.version,
                 "parameters": parameters_json(self.resolved().parameters)}
        if self.spec.code is not None:
            entry |= {"code": self.spec.code, "declared": self.spec.to_json()}
        return entry


def held_against_others(
    steps: Sequence[CurationStep], documents_digest: str, raw: frozenset[str] = frozenset(),
) -> tuple[CurationStep, ...]:
    """The steps of a corpus with nothing held against these documents themselves: see recipe.earlier.Against."""
    return tuple(
        dataclasses.replace(step, parameters=dataclasses.replace(
            step.parameters, against=step.parameters.against.without(documents_digest, raw)))
        if step.against else step for step in steps)


def signal_column(steps: Sequence[Mapping[str, Any]], index: int, signal: str) -> str:
    """The column `<step>.<signal>` of the table of signals, for the step at `index` of a corpus's steps.

    A step that comes again gets its number: `c4_2.sentences`.
    """
    name = steps[index]["step"]
    occurrence = 1 + sum(step["step"] == name for step in steps[:index])
    return f"{name}.{signal}" if occurrence == 1 else f"{name}_{occurrence}.{signal}"


@cache
def _hints(parameters: type) -> dict[str, Any]:
    return typing.get_type_hints(parameters)


def _decoded(value: Any, kind: Any, bounds: Mapping[str, Any]) -> Any:
    """A JSON value as a value of type `kind`; raises ValueError with what is wrong."""
    origin = typing.get_origin(kind)
    if hasattr(kind, "from_json"):
        return kind.from_json(value)
    if origin is Literal:
        if value not in typing.get_args(kind) or isinstance(value, bool):
            raise ValueError(f"not one of {', '.join(map(str, typing.get_args(kind)))}")
        return value
    if origin in (Union, types.UnionType):
        (inner,) = (each for each in typing.get_args(kind) if each is not type(None))
        return None if value is None else _decoded(value, inner, bounds)
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError("not a list")
        return tuple(_decoded(item, typing.get_args(kind)[0], {}) for item in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)  # JSON has one kind of numbers
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"not of the type {kind.__name__}")
    if ("min" in bounds and not value >= bounds["min"]) or ("max" in bounds and not value <= bounds["max"]):
        raise ValueError(f"not between {bounds['min']:g} and {bounds['max']:g}")
    return value


_SCALARS = {"int": int, "float": float, "str": str, "bool": bool}


def type_name(kind: Any) -> Any:
    """A parameter's type as JSON: `float`, `float?` where None is one too, `[str]`, a list of choices.

    Raises UsageError for a type that a recipe cannot give.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return list(arguments)
    if origin in (Union, types.UnionType) and len(arguments) == 2 and type(None) in arguments:
        (inner,) = (each for each in arguments if each is not type(None))
        if (name := type_name(inner)) in _SCALARS:
            return f"{name}?"
    if origin is tuple and len(arguments) == 2 and arguments[1] is ... and arguments[0] in _SCALARS.values():
        return f"[{arguments[0].__name__}]"
    if kind in _SCALARS.values():
        return kind.__name__
    shown = getattr(kind, "__name__", kind)
    raise UsageError(
        f"has the type {shown}; a recipe can give int, float, str, bool, one of them or None, tuple[…, ...], Literal")


def _type_of(name: Any) -> Any:
    """The type of a name that `type_name` gave."""
    if isinstance(name, list):
        return Literal[tuple(name)]
    if name.startswith("["):
        return tuple[_SCALARS[name[1:-1]], ...]
    return _SCALARS[name[:-1]] | None if name.endswith("?") else _SCALARS[name]


@cache
def _declared(name: str, version: int, code: str, declared: str) -> StepSpec:
    values = json.loads(declared)

    def tuples(kind: type, entries: list[dict[str, Any]]) -> tuple[Any, ...]:
        return tuple(
            kind(**(entry | ({"only": (entry["only"][0], tuple(entry["only"][1]))} if "only" in entry else {})))
            for entry in entries)

    parameters = dataclasses.make_dataclass(f"{name}_parameters", [
        (each, _type_of(about["type"]), field(metadata={k: about[k] for k in ("min", "max") if k in about}))
        for each, about in values["parameters"].items()], frozen=True)
    return StepSpec(
        name, parameters, "", values["source"], version, "rule", tuples(Rule, values["rules"]),
        tuple(values["signals"]), values["variants"], values["variant_numbers"], tuples(Need, values["needs"]),
        values["form"], code)
