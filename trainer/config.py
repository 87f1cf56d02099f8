"""What decides a run, resolved: the model's shape and how it trains. Light to import: no torch here.

`resolve_model` and `resolve_training` turn the few words of a recipe into these; their JSON is the step's parameters.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from maslin.manifests.errors import UsageError

# What each architecture is trained for, its own objective first. Supervised fine-tuning (`sft`) is causal language
# modelling whose loss is on answers only.
OBJECTIVES: dict[str, tuple[str, ...]] = {
    "llama": ("causal", "sft"), "gpt2": ("causal", "sft"), "bert": ("masked",), "t5": ("span_corruption",),
}
MASKED_SHARE = 0.15  # of a sequence's tokens are masked (Devlin et al. 2019)
NOISE_SHARE, MEAN_SPAN = 0.15, 3  # of a document's tokens are cut out, in spans so long (Raffel et al. 2020)

BERT_MASK, BERT_PADDING, T5_PADDING = "[MASK]", "[PAD]", "<pad>"
SENTINELS = tuple(f"<extra_id_{number}>" for number in range(100))  # as many as T5 has
# Tokens that only the model knows: their ids follow the tokenizer's, so token shards serve every architecture.
RESERVED: dict[str, tuple[str, ...]] = {"bert": (BERT_MASK, BERT_PADDING), "t5": (*SENTINELS, T5_PADDING)}

VOCABULARY_MULTIPLE = 128  # embedding rows are padded to it: matrix products like round shapes
MICRO_BATCH_TOKENS = 8192  # in memory at once, at most: about 10 GB of activations for `base` in float32
STACKED_PARAMETERS = 30_000_000  # beyond, one run fills a GPU by itself
MAX_LOG_LINES = 5000  # of metrics.jsonl


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise UsageError(f"{message}.")


@dataclass(frozen=True)
class ModelConfig:
    """A model's shape. `vocab_size` None: the tokenizer's, filled in when the run is built.

    Only `llama` has RoPE and may have fewer key-value heads than heads. `t5` has `layers` in its encoder and as many in
    its decoder.
    """

    layers: int
    width: int
    heads: int
    kv_heads: int
    hidden: int  # of the feed-forward: 4 × `width`, or about 8/3 of it when gated: as many parameters
    context_tokens: int
    vocab_size: int | None = None
    rope_base: float = 10_000.0
    norm_eps: float = 1e-6
    architecture: Literal["llama", "gpt2", "bert", "t5"] = "llama"

    def __post_init__(self) -> None:
        for name in ("layers", "width", "heads", "kv_heads", "hidden", "context_tokens"):
            _require(getattr(self, name) >= 1, f"model: {name} is {getattr(self, name)}, it must be at least 1")
        _require(self.width % self.heads == 0, f"model: width {self.width} is not a multiple of heads {self.heads}")
        _require(
            self.architecture in OBJECTIVES,
            f"model: architecture is {self.architecture!r}, it is one of {', '.join(OBJECTIVES)}")
        _require(
            self.heads % self.kv_heads == 0, f"model: heads {self.heads} is not a multiple of kv_heads {self.kv_heads}")
        if self.architecture != "llama":
            _require(
                self.heads == self.kv_heads,
                f"model: kv_heads is {self.kv_heads}, but {self.architecture} has as many as heads: {self.heads}")
        else:
            _require(self.head_width % 2 == 0, f"model: width / heads is {self.head_width}, RoPE needs an even number")

    @property
    def head_width(self) -> int:
        return self.width // self.heads

    @property
    def padded_vocab_size(self) -> int:
        """Rows of the embedding: the tokenizer's, the reserved ones, and some that nothing uses."""
        rows = self._known_vocab_size + len(RESERVED.get(self.architecture, ()))
        return -(-rows // VOCABULARY_MULTIPLE) * VOCABULARY_MULTIPLE

    def reserved_id(self, token: str) -> int:
        """The id of one of the architecture's `RESERVED` tokens."""
        return self._known_vocab_size + RESERVED[self.architecture].index(token)

    @property
    def _known_vocab_size(self) -> int:
        if self.vocab_size is None:
            raise ValueError("the vocabulary is not known before the tokenizer is")
        return self.vocab_size

    @property
    def parameters(self) -> int:
        """Non-embedding parameters: what the named sizes speak of, about the same in every architecture."""
        square, biases = self.width**2, 9 * self.width + self.hidden  # biases and norms of a layer with both
        match self.architecture:
            case "gpt2":
                return self.layers * (4 * square + 2 * self.width * self.hidden + biases) + 2 * self.width
            case "bert":  # the norm of the embeddings, and the head's matrix with its bias and norm
                layer = 4 * square + 2 * self.width * self.hidden + biases
                return self.layers * layer + 2 * self.width + square + 3 * self.width
            case "t5":  # a layer of each stack; cross-attention is as large as self-attention
                layers = 12 * square + 6 * self.width * self.hidden + 5 * self.width
                return self.layers * layers + 2 * self.width
        attention = self.width * self.head_width * 2 * (self.heads + self.kv_heads)
        norms = 2 * self.width + 2 * self.head_width
        return self.layers * (attention + 3 * self.width * self.hidden + norms) + self.width

    @property
    def all_parameters(self) -> int:
        """With the tied embedding, learned positions apart: what takes part in matrix products."""
        return self.parameters + self.padded_vocab_size * self.width

    def check_continues(self, other: "ModelConfig", where: str) -> None:
        """Raise UsageError unless a model of this shape can begin with the weights of the `other`, which lies `where`.

        The vocabulary may differ here. So may the context, where positions are not learned.
        """
        free = {"vocab_size", *(("context_tokens",) if self.architecture in ("llama", "t5") else ())}
        ours, theirs = asdict(self), asdict(other)
        differing = [
            f"{name} is {ours[name]} here and {theirs[name]} there"
            for name in ours if name not in free and ours[name] != theirs[name]]
        _require(
            not differing, f"init_from: {where} holds a model of another shape: {', '.join(differing)}. Give the model "
            "and architecture that it was trained with")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "ModelConfig":
        return _from_json(cls, value, "model")


# Sizes by non-embedding parameters, all but `tiny` by one rule: width = 64 × layers, as in `base`, which is GPT-2's, so
# that N ≈ 49,152 × layers³ (at equal N the ratio hardly matters: Kaplan et al. 2020, figure 5). The gated feed-forward
# is 8/3 × width, rounded up to a multiple of 128. Heads are 64 wide, from `base` on 128: what attention kernels on GPUs
# like best. `tiny` is deeper than the rule: at width 128 it would have two layers.
MODELS: dict[str, ModelConfig] = {
    "tiny": ModelConfig(layers=5, width=128, heads=2, kv_heads=2, hidden=352, context_tokens=256),  # 1.0M
    "mini": ModelConfig(layers=4, width=256, heads=4, kv_heads=4, hidden=768, context_tokens=256),  # 3.4M
    "small": ModelConfig(layers=6, width=384, heads=6, kv_heads=6, hidden=1024, context_tokens=512),  # 10.6M
    "medium": ModelConfig(layers=8, width=512, heads=8, kv_heads=8, hidden=1408, context_tokens=512),  # 25.7M
    "base": ModelConfig(layers=12, width=768, heads=6, kv_heads=6, hidden=2048, context_tokens=1024),  # 84.9M
    "large": ModelConfig(layers=18, width=1152, heads=9, kv_heads=9, hidden=3072, context_tokens=1024),  # 287M
    "xl": ModelConfig(layers=30, width=1920, heads=15, kv_heads=15, hidden=5120, context_tokens=2048),  # 1.33B
}


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
    threads: int = 1  # of a CPU run: other numbers sum in another order; parallelism is over runs
    deterministic: bool = False  # on a GPU, only kernels that give equal bits; on a CPU all do
    objective: Literal["causal", "masked", "span_corruption", "sft"] = "causal"

    def __post_init__(self) -> None:
        for name in (
            "tokens", "batch_tokens", "micro_batch", "checkpoint_every", "log_every", "threads", "together",
            "average_checkpoints",
        ):
            _require(getattr(self, name) >= 1, f"training: {name} is {getattr(self, name)}, it must be at least 1")
        _require(self.learning_rate > 0, f"training: learning_rate is {self.learning_rate}, it must be above 0")
        _require(0 <= self.warmup_share <= 1, f"training: warmup_share is {self.warmup_share}, not between 0 and 1")
        _require(0 <= self.final_share <= 1, f"training: final_share is {self.final_share}, not between 0 and 1")
        _require(0 <= self.decay_share <= 1, f"training: decay_share is {self.decay_share}, not between 0 and 1")
        _require(
            self.schedule != "wsd" or self.warmup_share + self.decay_share <= 1,
            f"training: warmup_share {self.warmup_share} and decay_share {self.decay_share} are more than all steps")
        _require(
            self.together == 1 or (self.objective == "causal" and not self.horizons and self.average_checkpoints == 1),
            "training: together is for the objective causal, without horizons and average_checkpoints")
        if self.horizons:
            _require(self.schedule == "wsd", f"training: horizons need the schedule wsd, not {self.schedule}")
            _require(
                self.batch_tokens <= min(self.horizons),
                f"training: a horizon of {min(self.horizons):,} tokens is less than one batch of {self.batch_tokens:,}")
            _require(
                self.average_checkpoints == 1,
                "training: horizons go without average_checkpoints: a branch has none from before it, and its decay "
                "does what the average would")
        _require(self.z_loss >= 0, f"training: z_loss is {self.z_loss}, it must be at least 0")
        _require(self.gradient_clip > 0, f"training: gradient_clip is {self.gradient_clip}, it must be above 0")
        _require(
            self.schedule in ("cosine", "linear", "wsd"),
            f"training: schedule is {self.schedule!r}: cosine, linear or wsd")
        _require(
            self.optimizer in ("adamw", "muon"), f"training: optimizer is {self.optimizer!r}: adamw or muon")
        _require(
            any(self.objective in known for known in OBJECTIVES.values()),
            f"training: objective is {self.objective!r}: causal, masked, span_corruption or sft")
        _require(
            self.tokens >= self.batch_tokens,
            f"training: a budget of {self.tokens} tokens is less than one batch of {self.batch_tokens}",
        )

    @property
    def steps(self) -> int:
        return self.tokens // self.batch_tokens

    @property
    def warmup_steps(self) -> int:
        """Of the shortest horizon, so that all of them begin alike."""
        return math.ceil(self.warmup_share * (min((self.tokens, *self.horizons)) // self.batch_tokens))

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
        return _from_json(cls, value, "training")


def resolve_model(name: str, architecture: str = "llama", **overrides: Any) -> ModelConfig:
    """A named size with some fields changed; None changes nothing. Raises UsageError for an unknown name.

    The other architectures have about as many parameters as `llama`, and heads that are 64 wide: `base` as `gpt2` is
    GPT-2's 124M, as `bert` BERT base. A layer of T5's encoder and one of its decoder hold as many as 7/3 layers.
    """
    if name not in MODELS:
        raise UsageError(f"model: {name!r} is none of {', '.join(MODELS)}.")
    size = MODELS[name]
    if architecture != size.architecture:
        heads, gated = size.width // 64, architecture == "t5"
        size = replace(
            size, architecture=architecture, heads=heads, kv_heads=heads,
            layers=max(1, round(3 * size.layers / 7)) if gated else size.layers,
            hidden=size.hidden if gated else 4 * size.width,
            norm_eps={"gpt2": 1e-5, "bert": 1e-12}.get(architecture, size.norm_eps))
    return replace(size, **{key: value for key, value in overrides.items() if value is not None})


def default_batch_tokens(tokens: int) -> float:
    """Tokens a batch for a budget: Step Law (Li et al. 2025, arXiv 2503.04715), 0.58 · D^0.571.

    Fitted on budgets of billions; at 250,000 tokens and 1M parameters batches of 512 to 4,096 were tried and the rule's
    512 was the best.
    """
    return 0.58 * tokens**0.571


# The best of three each, for `tiny` at 300,000 tokens: of 0.3, 0.1 and 0.03 for BERT, whose post-LayerNorm bears less
# (6.66, 6.36 and 6.62 nats a masked token), of 1, 0.3 and 0.1 for T5 (5.89, 5.52 and 6.03 nats a target).
RATE_SHARES = {"bert": 0.1, "t5": 0.3}


def default_learning_rate(parameters: int, tokens: int, architecture: str = "llama") -> float:
    """Peak rate of Step Law, 1.79 · N^-0.713 · D^0.307, N non-embedding parameters, D tokens of the budget.

    The law is of decoders: `RATE_SHARES` of it suit the others.
    """
    share = RATE_SHARES.get(architecture, 1.0)
    return float(f"{share * 1.79 * parameters**-0.713 * tokens**0.307:.3g}")


def resolve_training(
    model: ModelConfig, tokens: int, *, batch_tokens: int | None = None, micro_batch: int | None = None,
    learning_rate: float | None = None, objective: str | None = None, horizons: Sequence[float] = (), **settings: Any,
) -> TrainingConfig:
    """Fill in what a recipe leaves out: batch and rate follow from the model's size and the budget.

    `objective` None is the architecture's own. `horizons` are shares of the budget; `settings` are fields of
    `TrainingConfig`, taken as they are.

    A default batch is a power of two of sequences. Raises UsageError when a given one is no multiple of the context, or
    of the sequences in memory at once, or when the architecture is not made for the objective.
    """
    objectives = OBJECTIVES[model.architecture]
    objective = objective or objectives[0]
    _require(
        objective in objectives,
        f"training: objective is {objective}, but {model.architecture} is trained for {' or '.join(objectives)}")
    context = model.context_tokens
    if batch_tokens is None:
        sequences = 2 ** max(0, math.floor(math.log2(max(1, default_batch_tokens(tokens) / context))))
    else:
        _require(
            batch_tokens % context == 0 and batch_tokens > 0,
            f"training: batch_tokens {batch_tokens} is not a multiple of the context of {context} tokens")
        sequences = batch_tokens // context
    at_most = max(1, MICRO_BATCH_TOKENS // context)
    if micro_batch is None:
        micro_batch = max(n for n in range(1, min(sequences, at_most) + 1) if sequences % n == 0)
    _require(
        sequences % micro_batch == 0,
        f"training: micro_batch {micro_batch} does not divide the batch of {sequences} sequences")
    config = TrainingConfig(
        tokens=tokens, batch_tokens=sequences * context,
        micro_batch=micro_batch, objective=objective,
        learning_rate=learning_rate or default_learning_rate(model.parameters, tokens, model.architecture),
        horizons=tuple(sorted({round(share * tokens) for share in horizons if share < 1})), **settings,
    )
    return replace(config, log_every=-(-config.steps // MAX_LOG_LINES), checkpoint_every=max(100, config.steps // 20))


def _from_json(cls: type, value: dict[str, Any], where: str) -> Any:
    """A config from its JSON. Raises UsageError for unknown and missing keys."""
    known = {field.name for field in fields(cls)}
    _require(not set(value) - known, f"{where}: unknown settings {sorted(set(value) - known)}")
    try:  # JSON knows no tuples
        return cls(**{key: tuple(item) if isinstance(item, list) else item for key, item in value.items()})
    except TypeError as error:
        raise UsageError(f"{where}: {error}.") from error
