"""Mixtures as a recipe states them: shares of the training tokens, the same throughout or changing in stages."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from maslin.manifests.recipe.faults import BROKEN, is_whole
from maslin.manifests.recipe.typed_yaml import Node, convert


@dataclass(frozen=True)
class Stage:
    """Shares of corpora: none is 0, they add up to 1. They hold until this share of the run's tokens."""

    until: float
    weights: dict[str, float]


@dataclass(frozen=True)
class Mixture:
    """One stage or several; the last one ends with the run, at 1."""

    stages: tuple[Stage, ...]

    @property
    def weights(self) -> dict[str, float]:
        """Shares of the whole run's tokens."""
        if len(self.stages) == 1:
            return self.stages[0].weights
        shares: dict[str, Fraction] = {}
        begin = Fraction(0)
        for stage in self.stages:
            end = Fraction(str(stage.until))  # as written: 0.75 × 0.9 + 0.25 × 0.1 is 0.7
            for corpus, weight in stage.weights.items():
                shares[corpus] = shares.get(corpus, Fraction(0)) + (end - begin) * Fraction(str(weight))
            begin = end
        return {corpus: float(share) for corpus, share in shares.items()}

    def parameters(self) -> dict[str, Any]:
        """What the mixture's step takes: `weights` of the whole run, and `stages` where these change."""
        if len(self.stages) == 1:
            return {"weights": self.weights}
        return {
            "weights": self.weights,
            "stages": [{"until": stage.until, "weights": stage.weights} for stage in self.stages],
        }

    def to_json(self) -> dict[str, Any]:
        """As the resolved recipe has it: the weights, or the stages."""
        parameters = self.parameters()
        return {"stages": parameters["stages"]} if "stages" in parameters else parameters["weights"]


def read_mixture(node: Node, corpus_named: Callable[[Node, str], None]) -> Mixture:
    """`{web: 0.8, wiki: 0.2}`, or `{stages: [{until: 0.9, weights: {…}}, {weights: {…}}]}`.

    `corpus_named` is told every corpus and fails for one there is none of. BROKEN where a part is wrong.
    """
    entries = node.mapping()
    if "stages" not in entries or not entries["stages"].is_list:  # a corpus may be called `stages`, too
        weights = _read_weights(node, corpus_named)
        return BROKEN if weights is BROKEN else Mixture((Stage(1.0, weights),))
    node.check_keys(entries, ["stages"])
    items = entries["stages"].items()
    if not items:
        entries["stages"].fail("name at least one stage: `- {until: 0.9, weights: {corpus: share}}`")
    stages: list[Stage] = []
    for number, item in enumerate(items, 1):
        before = stages[-1].until if stages else 0.0
        stages.append(node.faults.attempt(
            partial(_read_stage, item, corpus_named, before, last=number == len(items))))
        if stages[-1] is BROKEN:
            stages[-1] = Stage(BROKEN, BROKEN)
    return Mixture(tuple(stages)) if is_whole(tuple(stages)) else BROKEN


def _read_stage(node: Node, corpus_named: Callable[[Node, str], None], begin: float, last: bool) -> Stage:
    keys = node.mapping()
    node.check_keys(keys, ["until", "weights"])
    until = node.faults.attempt(partial(_read_until, node, keys.get("until"), begin, last))
    weights = BROKEN
    if "weights" not in keys:
        node.faults.add(node.missing("weights", "the corpora of this stage and their shares"))
    else:
        weights = node.faults.attempt(partial(_read_weights, keys["weights"], corpus_named))
    return Stage(until, weights)


def _read_until(stage: Node, node: Node | None, begin: float, last: bool) -> float:
    """`begin`: where the stage before ends; BROKEN where that is."""
    if node is None:
        if not last:
            raise stage.missing("until", "the share of the run's tokens at which this stage ends, as 0.9")
        return 1.0
    until = convert(node, float, {"min": 0.0, "max": 1.0})
    if last and until != 1:
        node.fail(f"the last stage ends with the run, not at {until:g}: leave `until` out, or add a stage")
    if begin is not BROKEN and until <= begin:
        node.fail(f"{until:g} is not beyond {begin:g}, where this stage begins")
    if not last and until == 1:
        node.fail("1 is the end of the run: no stage can follow")
    return until


def _read_weights(node: Node, corpus_named: Callable[[Node, str], None]) -> dict[str, float]:
    """Normalised shares of the corpora that have one; BROKEN where one is wrong."""
    weights = {}
    for corpus, weight in node.mapping().items():
        with node.faults.gathered():
            corpus_named(weight, corpus)
        weights[corpus] = node.faults.attempt(partial(convert, weight, float, {"min": 0.0, "max": 1e12}))
    if not is_whole(weights):
        return BROKEN
    total = sum(weights.values())
    if total <= 0:
        node.fail("the weights are all 0: give at least one corpus a share")
    return {corpus: weight / total for corpus, weight in weights.items() if weight > 0}
