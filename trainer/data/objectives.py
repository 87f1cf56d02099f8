"""What a run learns from its sequences, by name: the next token, masked tokens, cut-out spans, or answers alone.

All read the same token shards through the same sampler. Light: what makes the examples is imported when a run begins.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from maslin.manifests.identity import hash_int

if TYPE_CHECKING:
    from maslin.trainer.config.model import ModelConfig
    from maslin.trainer.data.sampler import Batch
    from maslin.trainer.models.examples import Examples


class Maker(Protocol):
    """Returns what makes the examples of a batch, in main memory. `tokenizer` is the run's tokenizer.json.

    `key` is of (the run's seed, the objective): whatever is drawn is a hash of it, a sequence's number and a position.
    Raises UsageError when the tokenizer has not what the objective needs.
    """

    def __call__(
        self, model: "ModelConfig", end_of_text: int, tokenizer: Path, key: int,
    ) -> "Callable[[Batch], Examples]": ...


@dataclass(frozen=True)
class Objective:
    """`maker` imports the maker, and torch with it.

    `whole_documents`: none is cut where a sequence ends. `stacks`: every position is asked, so that seeds can train as
    one stack.
    """

    maker: Callable[[], Maker]
    whole_documents: bool = False
    stacks: bool = False


def _causal() -> Maker:
    from maslin.trainer.data.causal import make

    return make


def _masked() -> Maker:
    from maslin.trainer.data.masked import make

    return make


def _span_corruption() -> Maker:
    from maslin.trainer.data.span_corruption import make

    return make


def _sft() -> Maker:
    from maslin.trainer.data.answers import make

    return make


OBJECTIVES: dict[str, Objective] = {
    "causal": Objective(_causal, stacks=True),
    "masked": Objective(_masked),
    "span_corruption": Objective(_span_corruption),
    "sft": Objective(_sft, whole_documents=True),
}


def make_objective(
    objective: str, model: "ModelConfig", end_of_text: int, tokenizer: Path, seed: int,
) -> "Callable[[Batch], Examples]":
    """What makes the examples of a batch by a named objective. `seed` is the run's. Raises as a `Maker` does."""
    key = hash_int(seed, "objective", objective)
    return OBJECTIVES[objective].maker()(model, end_of_text, tokenizer, key)
