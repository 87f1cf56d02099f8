"""How a run trains; its JSON is the step's parameters."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from maslin.trainer.config.checks import Condition, from_json, require
from maslin.trainer.data.objectives import OBJECTIVES


@dataclass(frozen=True)
class TrainingConfig:
    """How a run trains. Everything here may change its bits, so everything here is part of its identity."""

    tokens: int  # the budget; the run stops after tokens // batch_tokens steps
    batch_tokens: int  # of one optimizer step, a multiple of the context
    micro_batch: int  # sequences that are in memory at once: memory and speed, and the last bits of sums
    learning_rate: float  # at the peak
    warmup_share: float = 0.1  # of the steps, linear from 0
    schedule: Literal["cosine", "linear", "wsd"] = "cosine"
    decay_share: float = 0.2  # of the steps, with wsd: the rate stays at the peak until then
    horizons: tuple[int, ...] = ()  # with wsd, shorter budgets [tokens] at which a run that decays branches off
    final_share: float = 0.1  # of the peak rate, reached at the last step
    optimizer: Literal["adamw", "muon"] = "adamw"
    beta1: float = 0.9
    beta2: float = 0.95
    weight_decay: float = 0.1  # on matrices, not on embeddings and norms
    gradient_clip: float = 1.0  # of the global norm
    z_loss: float = 0.0  # times the squared logarithm of the softmax's sum, added to the loss of every token
    average_checkpoints: int = 1  # the model saved at the end is the mean of so many last checkpoints
    checkpoint_every: int = 100  # steps
    log_every: int = 1  # steps
    together: int = 1  # seeds of a mixture that train as one stack: the last bits of sums
    validations: int = 0  # times at which the loss on held-out documents is taken, evenly over the shortest horizon
    validation_tokens: int = 0  # that are scored each time, of all domains together
    threads: int = 1  # of a CPU run: other numbers sum in another order; parallelism is over runs
    deterministic: bool = False  # on a GPU, only kernels that give equal bits; on a CPU all do
    objective: str = "causal"  # one of `maslin.trainer.data.objectives`

    def __post_init__(self) -> None:
        require("training", self._conditions())

    def _conditions(self) -> Iterator[Condition]:
        for name in (
            "tokens", "batch_tokens", "micro_batch", "checkpoint_every", "log_every", "threads", "together",
            "average_checkpoints",
        ):
            yield getattr(self, name) >= 1, name, f"is {getattr(self, name)}, it must be at least 1"
        yield self.validations >= 0, "validations", f"is {self.validations}, it must be at least 0"
        yield self.learning_rate > 0, "learning_rate", f"is {self.learning_rate}, it must be above 0"
        for name in ("warmup_share", "final_share", "decay_share"):
            yield 0 <= getattr(self, name) <= 1, name, f"is {getattr(self, name)}, not between 0 and 1"
        yield (
            self.schedule != "wsd" or self.warmup_share + self.decay_share <= 1, "decay_share",
            f"{self.decay_share} and warmup_share {self.warmup_share} are more than all steps")
        yield self.objective in OBJECTIVES, "objective", f"is {self.objective!r}: {_listed(OBJECTIVES)}"
        stacks = [name for name, objective in OBJECTIVES.items() if objective.stacks]
        yield (
            self.together == 1 or (
                self.objective in stacks and not self.horizons and self.average_checkpoints == 1), "together",
            f"is for the objective {_listed(stacks)}, without horizons and average_checkpoints")
        if self.horizons:
            yield self.schedule == "wsd", "horizons", f"need the schedule wsd, not {self.schedule}"
            yield (
                self.batch_tokens <= min(self.horizons), "horizons",
                f"begin at {min(self.horizons):,} tokens, less than one batch of {self.batch_tokens:,}")
            yield (
                self.average_checkpoints == 1, "horizons",
                "go without average_checkpoints: a branch has none from before it, and its decay does what the average "
                "would")
        yield self.z_loss >= 0, "z_loss", f"is {self.z_loss}, it must be at least 0"
        yield self.gradient_clip > 0, "gradient_clip", f"is {self.gradient_clip}, it must be above 0"
        yield (
            self.schedule in ("cosine", "linear", "wsd"), "schedule", f"is {self.schedule!r}: cosine, linear or wsd")
        yield self.optimizer in ("adamw", "muon"), "optimizer", f"is {self.optimizer!r}: adamw or muon"
        yield (
            self.tokens >= self.batch_tokens, "tokens",
            f"{self.tokens:,}: a budget of less than one batch, which has {self.batch_tokens:,} tokens")

    @property
    def steps(self) -> int:
        return self.tokens // self.batch_tokens

    @property
    def warmup_steps(self) -> int:
        """Of the shortest horizon, so that all of them begin alike."""
        return math.ceil(self.warmup_share * (min((self.tokens, *self.horizons)) // self.batch_tokens))

    def validates_after(self, step: int) -> bool:
        """Whether the loss on held-out documents is taken when so many steps are done; always at the last one.

        Horizons share the interval, so that a branch is its trunk until it leaves it. Steps that are not logged have
        none.
        """
        if not self.validations:
            return False
        shortest = min((self.tokens, *self.horizons)) // self.batch_tokens
        every = -(-math.ceil(shortest / self.validations) // self.log_every) * self.log_every
        return step % every == 0 or step == self.steps

    @property
    def decay_start(self) -> int:
        """Steps at the peak rate, warm-up included, before a `wsd` run decays: where its branch leaves the trunk."""
        return self.steps - math.ceil(self.decay_share * self.steps)

    def branches(self) -> list["TrainingConfig"]:
        """The runs to the shorter horizons, shortest first: equal to this one until their decay starts."""
        return [replace(self, tokens=tokens) for tokens in sorted(self.horizons) if tokens < self.tokens]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "TrainingConfig":
        return from_json(cls, value, "training")


def _listed(names: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
