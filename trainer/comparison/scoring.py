"""Scores of whole documents under a model: every token scored once, with a sliding context.

A document's first token is conditioned on end-of-text alone, as in training; end-of-text itself is never scored.

What is scored is a metric's: its scorer takes the model, tokens [B, T] and the targets [B, T] that they are to tell,
IGNORED where nothing is asked, and gives a float tensor [B, T] that is 0 there. Every row is of one document.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from maslin.manifests import progress
from maslin.manifests.named import named
from maslin.manifests.workspace import ShardResult, serial_map
from maslin.trainer.comparison.metrics import Metric
from maslin.trainer.models.examples import IGNORED
from maslin.trainer.models.model import Decoder

Scorer = Callable[[Decoder, torch.Tensor, torch.Tensor], torch.Tensor]

BATCH_TOKENS = 16_384  # fixed, so that the same documents meet in the same matrix products and give the same bits

PART_BATCHES = 8  # that are scored before what they gave is kept


def windows(length: int, context: int, stride: int) -> Iterator[tuple[int, int, int]]:
    """Windows (begin, end, first scored) over `length` predictions; each prediction is scored in exactly one.

    Every window but that of a document shorter than `context` is `context` long, so each prediction after the first
    `context` is made from at least context - stride tokens.
    """
    end = min(length, context)
    yield 0, end, 0
    while end < length:
        scored = end
        end = min(length, end + stride)
        yield end - context, end, scored


def scorer_of(metric: Metric) -> Scorer:
    return named(metric.scorer)


def nats(model: Decoder, tokens: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """-ln p of each target."""
    return model.token_nats(tokens, targets)


class Window(NamedTuple):
    """Predictions [begin, end) of a document, of which those from `scored` on count; `document` is its number."""

    begin: int
    end: int
    scored: int
    document: int


def batches(lengths: Sequence[int], context: int, stride: int) -> list[list[Window]]:
    """The windows of documents of these lengths, in the batches that meet in one matrix product; longest first."""
    ordered = sorted(
        (Window(*window, index) for index, length in enumerate(lengths) for window in windows(length, context, stride)),
        key=lambda window: window.begin - window.end)  # equal ones stay in order
    found, start = [], 0
    while start < len(ordered):
        found.append(ordered[start : start + max(1, BATCH_TOKENS // (ordered[start].end - ordered[start].begin))])
        start += len(found[-1])
    return found


def document_scores(
    scorer: Scorer, model: Decoder, documents: Sequence[np.ndarray], end_of_text: int, context: int, stride: int,
    run_parts: Callable[[Callable[[list[list[Window]]], ShardResult], list[list[list[Window]]]], list[ShardResult]]
    = serial_map,
) -> np.ndarray:
    """The scores of each document's tokens, summed: float64 [documents]. `documents` hold ids without end-of-text.

    `run_parts` scores part by part, some batches each, and may keep what a part gave: which windows meet in a batch,
    and in which order they are summed, does not depend on where parts are cut.
    """
    every = batches([len(document) for document in documents], context, stride)
    left = sum(_tokens(batch) for batch in every)

    def score(part: list[list[Window]]) -> ShardResult:
        nonlocal left
        found = []
        for batch in part:
            found += batch_scores(scorer, model, documents, end_of_text, batch)
            progress.advance(_tokens(batch))
        left -= sum(_tokens(batch) for batch in part)
        return {"scores": [value.hex() for value in found]}  # exact, and infinite ones too

    parts = run_parts(score, [every[start : start + PART_BATCHES] for start in range(0, len(every), PART_BATCHES)])
    progress.resume(left)
    sums = np.zeros(len(documents))
    values = itertools.chain.from_iterable(part["scores"] for part in parts)
    for window, value in zip(itertools.chain.from_iterable(every), values, strict=True):
        sums[window.document] += float.fromhex(value)
    return sums


def _tokens(batch: Sequence[Window]) -> int:
    """How many a batch scores."""
    return sum(window.end - window.scored for window in batch)


@torch.no_grad()
def batch_scores(
    scorer: Scorer, model: Decoder, documents: Sequence[np.ndarray], end_of_text: int, batch: list[Window],
) -> list[float]:
    """The score of every window of a batch."""
    width = batch[0].end - batch[0].begin
    inputs, targets = (np.full((len(batch), width), fill, dtype=np.int64) for fill in (end_of_text, IGNORED))
    for row, window in enumerate(batch):
        begin, end, document = window.begin, window.end, documents[window.document]
        targets[row, window.scored - begin : end - begin] = document[window.scored : end]
        # Input i is the token before target i; the first is end-of-text. Padding comes last: causality hides it.
        if begin == 0:
            inputs[row, 1 : end - begin] = document[: end - 1]
        else:
            inputs[row] = document[begin - 1 : end - 1]
    scores = scorer(model, _on(model, inputs), _on(model, targets)).double().cpu().numpy()
    return [float(row.sum()) for row in scores]


def _on(model: Decoder, tokens: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(tokens).to(model.device)
