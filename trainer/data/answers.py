"""The objective `sft`: the next token, but only that of an assistant's answers in conversations."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from maslin.manifests import chatml
from maslin.manifests.errors import UsageError
from maslin.manifests.kernels.kernel import njit
from maslin.manifests.soundness import checked
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.data.causal import causal
from maslin.trainer.data.sampler import Batch
from maslin.trainer.models.examples import IGNORED, Examples


@dataclass(frozen=True)
class ChatTokens:
    """Ids of ChatML's signs, and of `assistant` with its line feed."""

    start: int
    end: int
    header: tuple[int, ...]


def make(model: ModelConfig, end_of_text: int, tokenizer: Path, key: int) -> Callable[[Batch], Examples]:
    """As `maslin.trainer.data.objectives.Maker`. Raises UsageError when the tokenizer has no ChatML tokens."""
    return partial(answers, chat=chat_tokens(tokenizer), end_of_text=end_of_text)


def answers(batch: Batch, chat: ChatTokens, end_of_text: int) -> Examples:
    """Causal, but only the tokens of answers are asked for."""
    asked = answer_mask(batch.tokens, chat, end_of_text)[:, 1:]
    examples = causal(batch)
    return replace(
        examples, targets=examples.targets.masked_fill(~torch.from_numpy(asked), IGNORED), asked=asked.sum(axis=1))


def chat_tokens(tokenizer: Path) -> ChatTokens:
    """Raises UsageError when the tokenizer has no ChatML tokens."""
    loaded = Tokenizer.from_file(str(checked(tokenizer)))
    start, end = (loaded.token_to_id(token) for token in chatml.SPECIAL_TOKENS)
    if start is None or end is None:
        raise UsageError(
            f"{tokenizer}: has no {chatml.START}: objective sft needs a mixture with a source of kind `chat`.")
    return ChatTokens(start, end, tuple(loaded.encode(f"{chatml.ANSWERS}\n", add_special_tokens=False).ids))


def answer_mask(tokens: np.ndarray, chat: ChatTokens, end_of_text: int) -> np.ndarray:
    """Whether each of `tokens` [sequences, length] belongs to an answer, its end sign included.

    An answer answers something: only those count whose turn before begins in the sequence, too.
    """
    return _answers(tokens.astype(np.int64), chat.start, chat.end, np.array(chat.header, np.int64), end_of_text)


@njit(cache=True)
def _answers(tokens: np.ndarray, start: int, end: int, header: np.ndarray, end_of_text: int) -> np.ndarray:
    found = np.zeros(tokens.shape, np.bool_)
    for row in range(len(tokens)):
        turns, since, answers = 0, 0, False  # turns of this conversation begun here; tokens since the last start sign
        for position in range(tokens.shape[1]):
            token = tokens[row, position]
            if token == end_of_text:
                turns, answers = 0, False
            elif token == start:
                turns, since, answers = turns + 1, 0, turns > 0
            elif since < len(header):
                answers = answers and token == header[since]
                since += 1
            elif answers:
                found[row, position] = True
                answers = token != end
    return found
