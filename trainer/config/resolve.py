"""Named sizes and defaults: `resolve_model` and `resolve_training` turn the few words of a recipe into configs."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from maslin.manifests.errors import UsageError
from maslin.trainer.config.checks import SettingsError
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.models.known import architecture_named

MICRO_BATCH_TOKENS = 8192  # in memory at once, of small models: what keeps a CPU core busy
ACTIVATION_BYTES = 16 << 30  # of larger ones, which want a GPU, about
STACKED_PARAMETERS = 30_000_000  # beyond, one run fills a GPU by itself
MAX_LOG_LINES = 5000  # of metrics.jsonl
# Of the budget, scored at each validation: a pass forward is a third of a step's work, so ten of them cost 3.3 %.
VALIDATION_SHARE = 100
MAX_VALIDATION_TOKENS = 1 << 18

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


def resolve_model(name: str, architecture: str = "llama", **overrides: Any) -> ModelConfig:
    """A named size as an architecture has it, with some fields changed; None changes nothing.

    Raises UsageError for an unknown name or architecture.
    """
    if name not in MODELS:
        raise UsageError(f"model: {name!r} is none of {', '.join(MODELS)}.")
    size = architecture_named(architecture).resized(MODELS[name])
    return replace(size, **{key: value for key, value in overrides.items() if value is not None})


def muon_measured(model: ModelConfig, objective: str) -> bool:
    """Whether Muon, its rate and batch were measured on such runs: small decoders of some architectures, on text."""
    return model.parameters <= model.spec.muon_parameters and objective == "causal"


def micro_batch_tokens(model: ModelConfig) -> int:
    """Tokens in memory at once, at most: where that is more than a CPU core needs, what `ACTIVATION_BYTES` hold.

    A token keeps 34 · layers · width bytes of activations in 16 bits (Korthikanti et al. 2022, arXiv 2205.05198,
    without the squares of attention, which our kernels do not keep).
    """
    if model.parameters < STACKED_PARAMETERS:
        return MICRO_BATCH_TOKENS
    return max(MICRO_BATCH_TOKENS, ACTIVATION_BYTES // (34 * model.layers * model.width))


def default_batch_tokens(model: ModelConfig, tokens: int, muon: bool) -> float:
    """Tokens a batch for a budget: Step Law (Li et al. 2025, arXiv 2503.04715), 0.58 · D^0.571; twice that for `muon`.

    The law was fitted on AdamW and budgets of billions. `muon`: small models that Muon trains. Its step costs the same
    whatever the batch, so a batch has at least two sequences, too, where that leaves forty steps.
    """
    law = 0.58 * tokens**0.571
    return max(2 * law, min(2 * model.context_tokens, tokens / 40)) if muon else law


def default_learning_rate(model: ModelConfig, tokens: int, muon: bool) -> float:
    """Peak rate of Step Law, 1.79 · N^-0.713 · D^0.307, N non-embedding parameters, D tokens of the budget.

    The law is of decoders: a share of it suits the others (`Architecture.rate_share`). `muon`: small models that Muon
    trains, whose best rate does not fall with short budgets: at least 0.012 · (N / 1M)^-0.3.
    """
    rate = model.spec.rate_share * 1.79 * model.parameters**-0.713 * tokens**0.307
    if muon:
        rate = max(rate, 0.012 * (model.parameters / 1e6) ** -0.3)
    return float(f"{rate:.3g}")


def resolve_training(
    model: ModelConfig, tokens: int, *, batch_tokens: int | None = None, micro_batch: int | None = None,
    learning_rate: float | None = None, objective: str | None = None, optimizer: str | None = None,
    horizons: Sequence[float] = (), **settings: Any,
) -> TrainingConfig:
    """Fill in what a recipe leaves out: optimizer, batch and rate follow from the model's size and the budget.

    `objective` None is the architecture's own. `horizons` are shares of the budget; `settings` are fields of
    `TrainingConfig`, taken as they are.

    A default batch is a power of two of sequences. Raises UsageError when a given one is no multiple of the context, or
    of the sequences in memory at once, or when the architecture is not made for the objective.
    """
    objectives = model.spec.objectives
    objective = objective or objectives[0]
    measured = muon_measured(model, objective)
    optimizer = optimizer or ("muon" if measured else "adamw")
    muon = measured and optimizer == "muon"
    wrong = []
    if objective not in objectives:
        wrong.append((
            "objective", f"is {objective}, but {model.architecture} is trained for {' or '.join(objectives)}"))
    context = model.context_tokens
    if batch_tokens is not None and (batch_tokens % context or batch_tokens < 1):
        wrong.append(("batch_tokens", f"{batch_tokens} is not a multiple of the context of {context} tokens"))
    if batch_tokens is None or wrong:
        sequences = 2 ** max(0, math.floor(math.log2(max(1, default_batch_tokens(model, tokens, muon) / context))))
    else:
        sequences = batch_tokens // context
    at_most = max(1, micro_batch_tokens(model) // context)
    if micro_batch is None or wrong:
        micro_batch = max(n for n in range(1, min(sequences, at_most) + 1) if sequences % n == 0)
    if sequences % micro_batch:
        wrong.append(("micro_batch", f"{micro_batch} does not divide the batch of {sequences} sequences"))
    try:
        config = TrainingConfig(
            tokens=tokens, batch_tokens=sequences * context,
            micro_batch=micro_batch, objective=objective, optimizer=optimizer,
            learning_rate=learning_rate or default_learning_rate(model, tokens, muon),
            horizons=tuple(sorted({round(share * tokens) for share in horizons if share < 1})), **settings,
        )
    except SettingsError as error:
        told = {key for key, _ in wrong}
        raise SettingsError("training", [*wrong, *(each for each in error.wrong if each[0] not in told)]) from error
    if wrong:
        raise SettingsError("training", wrong)
    return replace(
        config, log_every=-(-config.steps // MAX_LOG_LINES), checkpoint_every=max(100, config.steps // 20),
        validation_tokens=min(tokens // VALIDATION_SHARE, MAX_VALIDATION_TOKENS) if config.validations else 0)
