"""The metrics that recipes are compared by: what is scored of a document, how it is summed and how it is shown.

A metric is declared here, once, and `comparison: {metric: NAME}` asks for it. Only one that measures something new of a
document needs code besides: its scorer. Nothing heavy is imported here, as a recipe is planned by these.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from maslin.trainer.numbers import decimal, signed

NATS = "maslin.trainer.comparison.scoring:nats"


@dataclass(frozen=True)
class Metric:
    """A figure of a run on a domain: Σ `score` / Σ `per` / `divisor` over the domain's documents.

    `score` is a column of `tables.evaluation_items`, what `scorer` ("module:function") gives the tokens of a document,
    summed (see scoring.py); `per` is "bytes" (of UTF-8 text) or "tokens". `unit` stands after figures, `gain` is what a
    better model has, `made` says in words how the figure comes about. Figures are shown with `digits` decimals.
    """

    name: str
    unit: str
    lower_is_better: bool
    gain: str
    made: str
    score: str = "nats"
    scorer: str = NATS
    per: str = "bytes"
    divisor: float = 1.0
    digits: int = 4

    def figure(self, score: float, size: float) -> float:
        """The figure of documents with this Σ `score` and Σ `per`."""
        return float(score / size / self.divisor)

    def is_gain(self, difference: float) -> bool:
        return difference < 0 if self.lower_is_better else difference > 0

    @property
    def direction(self) -> str:
        return "less is better" if self.lower_is_better else "more is better"

    def shown(self, figure: float | None, more_digits: int = 0) -> str:
        return decimal(figure, self.digits + more_digits)

    def difference(self, figure: float | None) -> str:
        """A figure with its sign."""
        return signed(figure, self.digits)


# Comparable between any tokenizers, which is why it is the default.
BITS_PER_BYTE = Metric(
    "bits_per_byte", "bits per byte", lower_is_better=True, gain="a lower loss", divisor=math.log(2),
    made="the sum of the nats of all documents of a domain, divided by their UTF-8 bytes and ln 2")
# The two below depend on the tokenizer: they compare runs that share one, as all runs of a recipe do.
BITS_PER_TOKEN = Metric(
    "bits_per_token", "bits per token", lower_is_better=True, gain="a lower loss", per="tokens", divisor=math.log(2),
    made="the sum of the nats of all documents of a domain, divided by their tokens and ln 2")
NEXT_TOKEN_ACCURACY = Metric(
    "next_token_accuracy", "percent of tokens foretold", lower_is_better=False, gain="a higher accuracy",
    score="foretold", scorer="maslin.trainer.comparison.accuracy:foretold", per="tokens", divisor=1 / 100, digits=3,
    made="the number of tokens of all documents of a domain that the model held likeliest of all, in percent of their "
         "tokens")

METRICS: Mapping[str, Metric] = {
    metric.name: metric for metric in (BITS_PER_BYTE, BITS_PER_TOKEN, NEXT_TOKEN_ACCURACY)}
