"""What a comparison found, as types; `Comparison.to_json` gives comparison.json, `from_json` reads it back.

Figures, differences and their errors are in the unit of the comparison's metric, and bear its name in JSON.
"""

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Self

from maslin.manifests.errors import UsageError
from maslin.trainer.comparison.metrics import METRICS, Metric

COMPARISON_SCHEMA_VERSION = 2


def _keyed(key: str, **default: Any) -> Any:
    """A field with a key of its own in JSON: {metric} is the metric's name, {score} what it scores."""
    return field(metadata={"key": key}, **default)


class Result:
    """A part of a comparison: a frozen dataclass that becomes a JSON object of its fields."""

    def to_json(self, metric: Metric) -> dict[str, Any]:
        return {
            key: _json(getattr(self, each.name), metric)
            for key, each in self.keys(metric).items() if not self.leaves_out(each.name)
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any], metric: Metric) -> Self:
        """The other way round."""
        hints = typing.get_type_hints(cls)
        return cls(**{each.name: _typed(hints[each.name], value[key], metric)
                      for key, each in cls.keys(metric).items() if key in value})

    @classmethod
    def keys(cls, metric: Metric) -> "dict[str, Field[Any]]":
        """The fields by their keys in JSON."""
        names = {"metric": metric.name, "score": metric.score}
        found: tuple[Field[Any], ...] = fields(cls)  # type: ignore[arg-type]
        return {each.metadata.get("key", each.name).format(**names): each for each in found}

    def leaves_out(self, name: str) -> bool:
        """Whether this field has no key in JSON."""
        return False


def _json(value: Any, metric: Metric) -> Any:
    if isinstance(value, Result):
        return value.to_json(metric)
    if isinstance(value, Mapping):
        return {name: _json(each, metric) for name, each in value.items()}
    if isinstance(value, list):
        return [_json(each, metric) for each in value]
    return value


def _typed(kind: Any, value: Any, metric: Metric) -> Any:
    """A JSON value as the type of a field."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        return [_typed(inner[0], each, metric) for each in value]
    if origin is dict:
        return {name: _typed(inner[1], each, metric) for name, each in value.items()}
    if origin is types.UnionType and isinstance(value, Mapping):  # the class whose keys are all there
        kind = next(one for one in inner if all(
            key in value for key, each in one.keys(metric).items()
            if each.default is MISSING and each.default_factory is MISSING))
    return kind.from_json(value, metric) if isinstance(kind, type) and issubclass(kind, Result) else value


@dataclass(frozen=True, kw_only=True)
class Interval(Result):
    """A difference with its 95 % interval for itself alone, from the standard errors (SE) of its parts."""

    delta: float = _keyed("delta_{metric}")
    se_arm: float = _keyed("se_arm_{metric}")
    arm_df: float
    se_baseline: float = _keyed("se_baseline_{metric}")
    baseline_df: float
    se_documents: float | None = _keyed("se_documents_{metric}")
    documents_df: float | None
    se_total: float = _keyed("se_total_{metric}")
    ci95_low: float = _keyed("ci95_low_{metric}")
    ci95_high: float = _keyed("ci95_high_{metric}")
    p_value: float


@dataclass(frozen=True, kw_only=True)
class SeedDifference(Result):
    """Arm minus baseline with the same seed."""

    seed: int
    delta: float = _keyed("delta_{metric}")


@dataclass(frozen=True, kw_only=True)
class SeedsNeeded(Result):
    """Seeds an arm that find a true effect of this size with 80 % power; None: over 1000, or none is enough."""

    effect_percent: float
    effect: float = _keyed("effect_{metric}")
    seeds: int | None


@dataclass(frozen=True, kw_only=True)
class Difference(Result):
    """A difference and its error; None with one run a side. `told_…`: the interval at the level that it was tested at.

    It excludes zero exactly when Holm's p is at most 0.05.
    """

    delta: float = _keyed("delta_{metric}")
    se_arm: float | None = _keyed("se_arm_{metric}", default=None)
    arm_df: float | None = None
    se_baseline: float | None = _keyed("se_baseline_{metric}", default=None)
    baseline_df: float | None = None
    se_documents: float | None = _keyed("se_documents_{metric}", default=None)
    documents_df: float | None = None
    se_total: float | None = _keyed("se_total_{metric}", default=None)
    ci95_low: float | None = _keyed("ci95_low_{metric}", default=None)
    ci95_high: float | None = _keyed("ci95_high_{metric}", default=None)
    p_value: float | None = None
    p_holm: float | None = None
    told_low: float | None = _keyed("told_low_{metric}", default=None)
    told_high: float | None = _keyed("told_high_{metric}", default=None)
    told_confidence: float | None = None


@dataclass(frozen=True, kw_only=True)
class DomainResult(Difference):
    """One arm on one domain, beside all runs of the baseline. None: not known, as tests with one seed an arm.

    `conditional`: claims are of these sites or repositories only, as they are too few (`effective_clusters`) to speak
    of others; `intervals` has both ways. A domain that is not `primary` has no verdict. `settled_after`: so many
    rounds, where it was looked after each: all figures are then those of that look.
    """

    seeds_per_arm: int
    baseline_runs: int
    documents: int
    bytes: int
    clusters: int
    effective_clusters: float
    conditional: bool
    primary: bool
    baseline: float = _keyed("baseline_{metric}")
    arm: float = _keyed("arm_{metric}")
    delta_percent: float | None
    deltas: list[SeedDifference]
    equivalence_margin: float = _keyed("equivalence_margin_{metric}")
    intervals: dict[str, Interval] = field(default_factory=dict)
    equivalence_p_value: float | None = None
    equivalence_p_holm: float | None = None
    sign_flip_p_value: float | None = None
    sign_flip_smallest_p_value: float | None = None
    minimum_detectable_effect: float | None = _keyed("minimum_detectable_effect_{metric}", default=None)
    seeds_needed: list[SeedsNeeded] = field(default_factory=list)
    verdict: str = ""
    reason: str = ""
    settled_after: int | None = None

    def leaves_out(self, name: str) -> bool:
        return name == "settled_after" and self.settled_after is None


@dataclass(frozen=True, kw_only=True)
class NotScored(Result):
    """A domain of which no document was scored."""

    documents: int = 0
    verdict: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ArmResult(Result):
    """One arm beside the baseline, with a sentence over its domains."""

    domains: dict[str, DomainResult | NotScored]
    sentence: str

    @property
    def scored(self) -> dict[str, DomainResult]:
        return {name: result for name, result in self.domains.items() if isinstance(result, DomainResult)}


@dataclass(frozen=True, kw_only=True)
class ControlResult(Difference):
    """The baseline beside itself on one domain, and σ of a single run. With one run a side there is no test."""

    sigma: float = _keyed("sigma_{metric}")
    sigma_df: int
    sigma_ci95_low: float = _keyed("sigma_ci95_low_{metric}")
    sigma_ci95_high: float = _keyed("sigma_ci95_high_{metric}")
    false_positive: bool | None = None

    def leaves_out(self, name: str) -> bool:
        of_test = name.startswith(("se_", "ci95_", "told_")) or name in ("arm_df", "baseline_df", "documents_df")
        return self.p_value is None and of_test


@dataclass(frozen=True, kw_only=True)
class AAControl(Result):
    """The A/A control: other seeds of the baseline, and what was found by domain."""

    runs: list[str]
    domains: dict[str, ControlResult]


@dataclass(frozen=True, kw_only=True)
class RunScore(Result):
    """One run on one domain. `score`: of all documents, summed, in the unit of the metric's scorer."""

    figure: float = _keyed("{metric}")
    score: float = _keyed("{score}")
    documents: int
    bytes: int
    tokens: int


@dataclass(frozen=True, kw_only=True)
class RunResult(Result):
    """One run. `group` is its arm, or `a_a`."""

    run: str
    group: str
    arm: str
    seed: int
    domains: dict[str, RunScore]


@dataclass(frozen=True, kw_only=True)
class Settings(Result):
    """What the statistics were done with."""

    confidence: float
    power: float
    margin_percent: float
    primary: list[str]
    tests: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class Seen(Result):
    """What a look found of an arm on a domain. `told_…`: as of `Difference`, at the level of this look."""

    delta: float = _keyed("delta_{metric}")
    told_low: float | None = _keyed("told_low_{metric}")
    told_high: float | None = _keyed("told_high_{metric}")
    told_confidence: float | None
    verdict: str


@dataclass(frozen=True, kw_only=True)
class LookResult(Result):
    """A look after so many `rounds`. `spent`: the share of the error spent until then; `level`: p of a single test.

    `found`: by arm and domain, as this look's runs have it, and the verdict as it stood then; `open`: how many claims
    are not settled.
    """

    rounds: int
    spent: float
    level: float
    open: int
    found: dict[str, dict[str, Seen]]


@dataclass(frozen=True, kw_only=True)
class RoundsResult(Result):
    """Looks at a growing comparison. `plan`: fixed before the first one; `ended`: "" (not yet), "settled", "spent"."""

    plan: dict[str, typing.Any]
    looks: list[LookResult]
    ended: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Every arm beside the baseline. `verdict`: what a command prints, line by line.

    `rounds`: the looks, where there were several.
    """

    metric: Metric
    baseline: str
    domains: list[str]
    settings: Settings
    runs: list[RunResult]
    a_a: AAControl
    arms: dict[str, ArmResult]
    verdict: list[str]
    rounds: RoundsResult | None = None

    def to_json(self) -> dict[str, Any]:
        """The values of comparison.json."""
        return {
            "schema_version": COMPARISON_SCHEMA_VERSION, "metric": self.metric.name,
            "lower_is_better": self.metric.lower_is_better, "baseline": self.baseline, "arms": list(self.arms),
            "domains": self.domains, "settings": self.settings.to_json(self.metric),
            "runs": _json(self.runs, self.metric), "a_a": self.a_a.to_json(self.metric),
            "comparisons": _json(self.arms, self.metric), "verdict": self.verdict,
            **({} if self.rounds is None else {"rounds": self.rounds.to_json(self.metric)}),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The values of comparison.json as they were written. Raises UsageError for those of another Maslin."""
        metric = METRICS.get(value["metric"])
        if value["schema_version"] != COMPARISON_SCHEMA_VERSION or metric is None:
            raise UsageError(
                f"a comparison of schema version {value['schema_version']} by {value['metric']}: of another Maslin, "
                "which is needed to read it. Its figures are in comparison.json.")
        hints = typing.get_type_hints(cls)
        there = {**value, "arms": value["comparisons"]}
        return cls(metric=metric, **{
            each.name: _typed(hints[each.name], there[each.name], metric)
            for each in fields(cls) if each.name in there and each.name != "metric"})
