"""C4's line deduplication, applied: lines that another page keeps go, and pages that are too short without them.

A repeated line goes as `global_duplicate` where another page keeps it, as `local_duplicate` where its own page has it
before. A page of which nothing is left is dropped (`empty`), then one of fewer than `min_sentences` sentences, counted
on the whole new text by Punkt (`too_few_sentences`). Which lines repeat is found over all pages beforehand
(curation/dedup/repeats/lines.py). Source: TFDS 4.9.10 `remove_duplicate_text`; `unit: span` follows the paper (Raffel
et al., JMLR 21(140), 2020): all but one of any three-sentence span, whose sentences go with the white space behind
them.
"""

import numpy as np
import pyarrow as pa

from maslin.curation.dedup.repeats.lines import SPAN_SENTENCES
from maslin.curation.dedup.repeats.removal import SpanList, without_lines
from maslin.curation.rules.judgement import Judgement
from maslin.curation.text import punkt
from maslin.curation.text.batch import Batch, Edited
from maslin.manifests.steps.c4 import C4_LINE_DEDUP, C4LineDedup

_RULES = ("global_duplicate", "local_duplicate", "duplicates")


def judge(batch: Batch, parameters: C4LineDedup, repeats: np.ndarray) -> Edited:
    """`repeats` (lines.REPEAT): what goes, by row of the batch."""
    judgement = Judgement(C4_LINE_DEDUP, parameters, batch)
    texts, spans = batch.texts, SpanList(_RULES)
    splitter = punkt.english()
    bounds = np.searchsorted(repeats["row"], np.arange(len(batch) + 1))
    for row in range(len(batch)):
        gone = repeats[bounds[row] : bounds[row + 1]]
        text = texts[row]
        if len(gone):
            texts[row] = new = (without_lines if parameters.unit == "line" else _without_spans)(text, gone["unit"])
        if not texts[row]:
            judgement.drop("empty", row)
            continue
        if parameters.min_sentences:
            sentences = splitter.count(texts[row], parameters.min_sentences)
            if sentences < parameters.min_sentences:
                judgement.drop("too_few_sentences", row, sentences)
                continue
        if len(gone) and parameters.unit == "line":
            spans.add_lines(row, text, new, gone["unit"].tolist(), gone["local"].tolist())
        elif len(gone):
            spans.add_whole(row, text, new)
    return judgement.edited(pa.array(texts, pa.large_string()), spans.finish())


def _without_spans(text: str, spans: np.ndarray) -> str:
    starts = [start for start, _ in punkt.english().spans(text)]
    gone = {sentence for span in spans.tolist() for sentence in range(span, span + SPAN_SENTENCES)}
    ends = [*starts[1:], len(text)]
    return "".join(text[starts[i] : ends[i]] for i in range(len(starts)) if i not in gone).strip()
