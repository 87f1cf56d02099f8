"""Scores of whole documents under a model: every token scored once, with a sliding context.

A document's first token is conditioned on end-of-text alone, as in training; end-of-text itself is never scored.

What is scored is a metric's: its scorer takes the model, tokens [B, T] and the targets [B, T] that they are to tell,
IGNORED where nothing is asked, and gives a float tensor [B, T] that is 0 there. Every row is of one document.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from maslin.manifests import progress
from maslin.manifests.named import named
from maslin.trainer.comparison.metrics import Metric
from maslin.trainer.models.examples import IGNORED
from maslin.trainer.models.model import Decoder

Scorer = Callable[[Decoder, torch.Tensor, torch.Tensor], torch.Tensor]

BATCH_TOKENS = 16_384  # fixed, so that the same documents meet in the same matrix products and give the same bits


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


@torch.no_grad()
def document_scores(
    scorer: Scorer, model: Decoder, documents: Sequence[np.ndarray], end_of_text: int, context: int, stride: int,
) -> np.ndarray:
    """The scores of each document's tokens, summed: float64 [documents]. `documents` hold ids without end-of-text."""
    tasks = [
        (begin, end, scored, index)
        for index, document in enumerate(documents) for begin, end, scored in windows(len(document), context, stride)
    ]
    tasks.sort(key=lambda task: task[0] - task[1])  # by length, longest first; equal ones stay in order
    sums = np.zeros(len(documents))
    start = 0
    while start < len(tasks):
        width = tasks[start][1] - tasks[start][0]
        batch = tasks[start : start + max(1, BATCH_TOKENS // width)]
        start += len(batch)
        inputs, targets = (np.full((len(batch), width), fill, dtype=np.int64) for fill in (end_of_text, IGNORED))
        for row, (begin, end, scored, index) in enumerate(batch):
            document = documents[index]
            targets[row, scored - begin : end - begin] = document[scored:end]
            # Input i is the token before target i; the first is end-of-text. Padding comes last: causality hides it.
            if begin == 0:
                inputs[row, 1 : end - begin] = document[: end - 1]
            else:
                inputs[row] = document[begin - 1 : end - 1]
        scores = scorer(model, _on(model, inputs), _on(model, targets)).double().cpu().numpy()
        for row, (_, _, _, index) in enumerate(batch):
            sums[index] += scores[row].sum()
        progress.advance(sum(end - scored for _, end, scored, _ in batch))
    return sums


def _on(model: Decoder, tokens: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(tokens).to(model.device)
