"""The objective `span_corruption`, T5's (Raffel et al. 2020, section 3.1.4).

15 % of a document's tokens are cut out, in spans of 3 on average. The encoder reads the document with a sentinel in
place of each; the decoder says each sentinel and its span, then end-of-text. Lengths are T5's: the number of tokens and
of spans follow from the document's length, and all ways to cut them are equally likely; a document begins with a token
that stays and ends with a span.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from maslin.trainer.config.model import ModelConfig
from maslin.trainer.data.draws import draws
from maslin.trainer.data.sampler import Batch
from maslin.trainer.models.examples import IGNORED, Examples
from maslin.trainer.models.t5.spec import MEAN_SPAN, NOISE_SHARE, PADDING, SENTINELS


@dataclass(frozen=True)
class Corrupted:
    """One sequence: int64 arrays, of the encoder's length and of the decoder's."""

    tokens: np.ndarray
    segments: np.ndarray
    targets: np.ndarray
    decoder_tokens: np.ndarray
    decoder_segments: np.ndarray


def make(model: ModelConfig, end_of_text: int, tokenizer: Path, key: int) -> Callable[[Batch], Examples]:
    """As `maslin.trainer.data.objectives.Maker`."""
    return partial(corrupted, model=model, end_of_text=end_of_text, key=key)


def corrupted(batch: Batch, model: ModelConfig, end_of_text: int, key: int) -> Examples:
    """The documents of every sequence, corrupted.

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


def corrupt_spans(
    inputs: np.ndarray, cuts: np.ndarray, gaps: np.ndarray, model: ModelConfig, end_of_text: int,
) -> Corrupted:
    """Corrupt every document of a sequence `inputs` [T]; `cuts` and `gaps` [T] are random bits.

    A document ends with its end-of-text in the encoder, unless the sequence's end cuts it, and in the decoder always.
    The decoder begins each with padding, as T5's does. Documents of fewer than four tokens have no span: the decoder
    has nothing to say of them. The encoder's sequence is never longer than T.
    """
    first = model.reserved_id(SENTINELS[0])
    encoder: list[np.ndarray] = []
    decoder: list[np.ndarray] = []
    ends = np.flatnonzero(inputs == end_of_text)
    for begin, end in itertools.pairwise([0, *(ends + 1).tolist(), len(inputs)]):
        whole = end > begin and inputs[end - 1] == end_of_text
        text = slice(begin, end - 1 if whole else end)
        lengths = noise_lengths(cuts[text], gaps[text])
        heard, said = _cut(inputs[text], lengths, first + np.arange(len(lengths)))
        encoder.append(np.concatenate([heard, inputs[text.stop : end]]))
        decoder.append(np.append(said, end_of_text) if len(said) else said)
    start = np.array([model.reserved_id(PADDING)])
    return Corrupted(
        np.concatenate(encoder), _numbered(encoder), np.concatenate(decoder),
        np.concatenate([np.concatenate([start, text[:-1]]) if len(text) else text for text in decoder]),
        _numbered(decoder))


def _cut(text: np.ndarray, lengths: np.ndarray, sentinels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A document with a sentinel in place of each span, and the spans, each behind its sentinel: int64."""
    if not len(lengths):
        return text.astype(np.int64), np.empty(0, np.int64)
    spans = np.repeat(np.tile([False, True], len(lengths)), lengths.ravel())  # for each token, whether it is dropped
    begins = lengths.ravel().cumsum()[::2]
    heard, kept = text.astype(np.int64), ~spans
    heard[begins], kept[begins] = sentinels, True
    dropped = lengths[:, 1]
    said = np.empty(dropped.sum() + len(lengths), np.int64)
    places = dropped.cumsum() - dropped + np.arange(len(lengths))
    tokens = np.ones(len(said), bool)
    said[places], tokens[places] = sentinels, False
    said[tokens] = text[spans]
    return heard[kept], said


def noise_lengths(cuts: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Tokens kept and tokens dropped, int64 [spans, 2], in turn through a document of as many tokens as random bits."""
    noise = round(NOISE_SHARE * len(cuts))
    spans = min(len(SENTINELS), max(1, round(noise / MEAN_SPAN))) if noise else 0
    if not spans:
        return np.empty((0, 2), np.int64)
    return np.stack([_parts(len(cuts) - noise, gaps, spans), _parts(noise, cuts, spans)], axis=1)


def _parts(total: int, bits: np.ndarray, parts: int) -> np.ndarray:
    """`total` cut into so many parts of at least one, each way as likely: the places with the smallest bits."""
    if parts == 1:
        return np.array([total])
    places = np.sort(np.argpartition(bits[: total - 1], parts - 2)[: parts - 1]) + 1
    return np.diff(np.concatenate([[0], places, [total]]))


def _numbered(documents: list[np.ndarray]) -> np.ndarray:
    return np.repeat(np.arange(len(documents)), [len(document) for document in documents])
