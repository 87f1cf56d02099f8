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

COMPARISON_SCHEMA_VERSION = 1


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
    """A difference with its 95 % interval, from the standard errors (SE) over seeds and over documents."""

    delta: float = _keyed("delta_{metric}")
    se_seed: float = _keyed("se_seed_{metric}")
    seeds_df: float
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
class Pooling(Result):
    """Whether variances of arm and baseline may be pooled, and why."""

    allowed: bool
    reason: str
    brown_forsythe_p_value: float | None = None

    def leaves_out(self, name: str) -> bool:
        return name == "brown_forsythe_p_value" and self.brown_forsythe_p_value is None


@dataclass(frozen=True, kw_only=True)
class Difference(Result):
    """A difference, with the error over documents and the interval that was told; None with one run a side."""

    delta: float = _keyed("delta_{metric}")
    se_documents: float | None = _keyed("se_documents_{metric}", default=None)
    se_seed: float | None = _keyed("se_seed_{metric}", default=None)
    seeds_df: float | None = None
    se_total: float | None = _keyed("se_total_{metric}", default=None)
    ci95_low: float | None = _keyed("ci95_low_{metric}", default=None)
    ci95_high: float | None = _keyed("ci95_high_{metric}", default=None)
    p_value: float | None = None
    p_holm: float | None = None


@dataclass(frozen=True, kw_only=True)
class DomainResult(Difference):
    """One arm on one domain, beside the baseline. None: not known, as tests with one seed an arm.

    `seeds`: those of the pairs, none where runs are not paired; `method`: which of the `intervals` is the one told.
    """

    seeds: list[int]
    seeds_per_arm: int
    documents: int
    bytes: int
    clusters: int
    cluster_unit: str
    few_clusters: bool
    baseline: float = _keyed("baseline_{metric}")
    arm: float = _keyed("arm_{metric}")
    delta_percent: float | None
    deltas: list[SeedDifference]
    equivalence_margin: float | None = _keyed("equivalence_margin_{metric}")
    documents_df: int
    pooling: Pooling
    method: str | None = None
    intervals: dict[str, Interval] = field(default_factory=dict)
    equivalence_p_value: float | None = None
    equivalence_p_holm: float | None = None
    pair_correlation: float | None = None
    sign_flip_p_value: float | None = None
    sign_flip_smallest_p_value: float | None = None
    sd_delta: float | None = _keyed("sd_delta_{metric}", default=None)
    minimum_detectable_effect: float | None = _keyed("minimum_detectable_effect_{metric}", default=None)
    seeds_needed: int | None = None
    seeds_still_needed: int | None = None
    documents_suffice: bool | None = None
    verdict: str = ""
    reason: str = ""


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
    """The baseline beside itself on one domain: σ of a single run, and what of it is practically nothing.

    With one run a side there is no interval and no test.
    """

    sigma: float = _keyed("sigma_{metric}")
    sigma_df: int
    sigma_ci95_low: float = _keyed("sigma_ci95_low_{metric}")
    sigma_ci95_high: float = _keyed("sigma_ci95_high_{metric}")
    equivalence_margin: float = _keyed("equivalence_margin_{metric}")
    false_positive: bool | None = None

    def leaves_out(self, name: str) -> bool:
        of_test = ("se_documents", "se_seed", "seeds_df", "se_total", "ci95_low", "ci95_high")
        return self.p_value is None and name in of_test


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
    bootstrap_replicates: int
    bootstrap_seed: int
    largest_pooled_share: float
    largest_pooled_sd_ratio: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Every arm beside the baseline. `verdict`: what a command prints, line by line."""

    metric: Metric
    baseline: str
    domains: list[str]
    settings: Settings
    runs: list[RunResult]
    a_a: AAControl
    arms: dict[str, ArmResult]
    verdict: list[str]

    def to_json(self) -> dict[str, Any]:
        """The values of comparison.json."""
        return {
            "schema_version": COMPARISON_SCHEMA_VERSION, "metric": self.metric.name,
            "lower_is_better": self.metric.lower_is_better, "baseline": self.baseline, "arms": list(self.arms),
            "domains": self.domains, "settings": self.settings.to_json(self.metric),
            "runs": _json(self.runs, self.metric), "a_a": self.a_a.to_json(self.metric),
            "comparisons": _json(self.arms, self.metric), "verdict": self.verdict,
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
            for each in fields(cls) if each.name != "metric"})
