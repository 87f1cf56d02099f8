"""What a run learns from its sequences: the next token, masked tokens, cut-out spans, or answers alone.

All read the same token shards through the same sampler. Every mask is a pure function of (seed, sequence, position),
where a sequence is known by its number in the run: nothing has to be saved for a run to go on.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from maslin.manifests.identity import hash_int
from maslin.trainer.config import BERT_MASK, MASKED_SHARE, ModelConfig
from maslin.trainer.data.answers import ChatTokens, answer_mask, chat_tokens
from maslin.trainer.data.sampler import Batch
from maslin.trainer.data.span_corruption import corrupt_spans
from maslin.trainer.models.examples import IGNORED, Examples

MASK_SHARE, RANDOM_SHARE = 0.8, 0.1  # of BERT's masked tokens become [MASK], or a random token; the rest stays


def make_objective(
    objective: str, model: ModelConfig, end_of_text: int, tokenizer: Path, seed: int,
) -> Callable[[Batch], Examples]:
    """What makes the examples of a batch, in main memory. `seed` is the run's, `tokenizer` its tokenizer.json.

    Raises UsageError when answers are wanted and the tokenizer has no signs for them.
    """
    key = hash_int(seed, "objective", objective)
    match objective:
        case "masked":
            return partial(masked, model=model, end_of_text=end_of_text, key=key)
        case "span_corruption":
            return partial(corrupted, model=model, end_of_text=end_of_text, key=key)
        case "sft":
            return partial(answers, chat=chat_tokens(tokenizer), end_of_text=end_of_text)
    return causal


def causal(batch: Batch) -> Examples:
    """Every token is predicted from those before it in its document."""
    tokens = torch.from_numpy(batch.tokens).long()
    asked = np.full(len(tokens), tokens.shape[1] - 1)
    return Examples(tokens[:, :-1], torch.from_numpy(batch.segments), tokens[:, 1:], asked)


def answers(batch: Batch, chat: ChatTokens, end_of_text: int) -> Examples:
    """Causal, but only the tokens of answers are asked for."""
    asked = answer_mask(batch.tokens, chat, end_of_text)[:, 1:]
    examples = causal(batch)
    return replace(
        examples, targets=examples.targets.masked_fill(~torch.from_numpy(asked), IGNORED), asked=asked.sum(axis=1))


def masked(batch: Batch, model: ModelConfig, end_of_text: int, key: int) -> Examples:
    """BERT's masked-language modelling: 15 % of each sequence's tokens, of which 80 % read [MASK], 10 % another token.

    End-of-text is neither masked nor put in a token's place.
    """
    inputs = batch.inputs.astype(np.int64)
    order = draws(key, batch.numbers, inputs.shape[1])
    order[inputs == end_of_text] = np.uint64(2**64 - 1)  # last
    count = max(1, round(MASKED_SHARE * inputs.shape[1]))
    chosen = np.zeros(inputs.shape, bool)
    np.put_along_axis(chosen, np.argsort(order, axis=1, kind="stable")[:, :count], True, axis=1)
    chosen &= inputs != end_of_text
    fate = unit(draws(key + 1, batch.numbers, inputs.shape[1]))
    others = draws(key + 2, batch.numbers, inputs.shape[1]) % np.uint64(model.vocab_size - 1)
    others = others.astype(np.int64)
    others += others >= end_of_text
    tokens = np.where(chosen & (fate < MASK_SHARE), model.reserved_id(BERT_MASK), inputs)
    tokens = np.where(chosen & (fate >= 1 - RANDOM_SHARE), others, tokens)
    return Examples(
        torch.from_numpy(tokens), torch.from_numpy(batch.segments),
        torch.from_numpy(np.where(chosen, inputs, IGNORED)), chosen.sum(axis=1))


def corrupted(batch: Batch, model: ModelConfig, end_of_text: int, key: int) -> Examples:
    """T5's span corruption of every document of every sequence (`maslin.trainer.data.span_corruption`).

    The decoder's sequences are as long as the batch's longest, in multiples of 64: few shapes.
    """
    length = batch.inputs.shape[1]
    cuts, gaps = draws(key, batch.numbers, length), draws(key + 1, batch.numbers, length)
    rows = [
        corrupt_spans(*row, model, end_of_text) for row in zip(batch.inputs.astype(np.int64), cuts, gaps, strict=True)]
    decoded = -(-max(1, *(len(row.targets) for row in rows)) // 64) * 64

    def stacked(name: str, width: int, fill: list[int]) -> torch.Tensor:
        stack = np.repeat(np.array(fill, np.int64)[:, None], width, axis=1)
        for place, row in zip(stack, rows, strict=True):
            values = getattr(row, name)
            place[: len(values)] = values
        return torch.from_numpy(stack)

    # Padding of the encoder is a document of its own, which nobody sees. What the decoder's is does not matter, as it
    # comes last and is asked for nothing, but it must see something.
    ends = [end_of_text] * len(rows)
    return Examples(
        stacked("tokens", length, ends), stacked("segments", length, [row.segments[-1] + 1 for row in rows]),
        stacked("targets", decoded, [IGNORED] * len(rows)), np.array([len(row.targets) for row in rows]),
        stacked("decoder_tokens", decoded, ends),
        stacked("decoder_segments", decoded, [row.segments[0] for row in rows]))


def draws(key: int, numbers: np.ndarray, length: int) -> np.ndarray:
    """64 random bits for each position of each sequence, uint64 [sequences, length]: pure in (key, number, position).

    Two rounds of splitmix64's finisher (Steele, Lea and Flood 2014).
    """
    row = _mixed(np.uint64(key % 2**64) + numbers.astype(np.uint64) * _GOLDEN)
    return _mixed(row[:, None] + np.arange(1, length + 1, dtype=np.uint64) * _GOLDEN)


def unit(bits: np.ndarray) -> np.ndarray:
    """Uniform in [0, 1) from 64 bits each."""
    return (bits >> np.uint64(11)) * 2.0**-53


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mixed(values: np.ndarray) -> np.ndarray:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
