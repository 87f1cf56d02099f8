"""T5's span corruption (Raffel et al. 2020, section 3.1.4): 15 % of a document's tokens, in spans of 3 on average.

The encoder reads the document with a sentinel in place of each span; the decoder says each sentinel and its span, then
end-of-text. Lengths are T5's: the number of tokens and of spans follow from the document's length, and all ways to cut
them are equally likely; a document begins with a token that stays and ends with a span.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from maslin.trainer.config import MEAN_SPAN, NOISE_SHARE, SENTINELS, T5_PADDING, ModelConfig


@dataclass(frozen=True)
class Corrupted:
    """One sequence: int64 arrays, of the encoder's length and of the decoder's."""

    tokens: np.ndarray
    segments: np.ndarray
    targets: np.ndarray
    decoder_tokens: np.ndarray
    decoder_segments: np.ndarray


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
    start = np.array([model.reserved_id(T5_PADDING)])
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
