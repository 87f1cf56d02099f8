"""What of a document is its own in a family of pages of one template, for containment.

Shingles that many documents of a family share are the template's. Of what is left, a passage in one piece is a page's
payload: of an edited copy, what is left are a few shingles around each edit.
"""

from pathlib import Path

import numpy as np

from maslin.curation.dedup.near.sketches import mapped
from maslin.curation.text.hash_table import clear_table, slot_of, table_size
from maslin.manifests.kernels.kernel import njit

_EDITS = 3  # that stand together and yet make no passage: each changes as many shingles as a shingle has words


def own_shingles(
    shingles: np.ndarray, ends: np.ndarray, sets: np.ndarray, bounds: np.ndarray, family: np.ndarray,
    template_documents: int, shingle_words: int, scratch: Path,
) -> tuple[np.ndarray, np.ndarray]:
    """(by element of `sets`, whether it is its document's own; by document, whether it has a payload), uint8.

    Document k has the shingles `shingles[ends[k]:ends[k + 1]]`, in the order of its text, and the set
    `sets[bounds[k]:bounds[k + 1]]`; `family` is by document. Tables lie in the working files `scratch` with a suffix.
    """
    order = np.argsort(family, kind="stable")
    begins = np.flatnonzero(np.diff(family[order], prepend=-1))
    sizes = np.diff([*begins, len(order)])
    large = [order[begin:begin + size] for begin, size in zip(begins, sizes, strict=True)
             if size >= template_documents]
    if not large:
        return np.zeros(0, np.uint8), np.zeros(0, np.uint8)
    slots = table_size.py_func(max(int((bounds[each + 1] - bounds[each]).sum()) for each in large))
    own = mapped(scratch.with_suffix(".own"), np.uint8, len(sets))
    keys, counts = (mapped(scratch.with_suffix(f".{what}"), kind, slots)
                    for what, kind in (("keys", np.uint64), ("counts", np.int64)))
    payload = np.zeros(len(family), np.uint8)
    for documents in large:
        _mark(documents, shingles, ends, sets, bounds, keys, counts, template_documents, _EDITS * shingle_words, own,
              payload)
    return own, payload


@njit(cache=True)
def _mark(documents, shingles, ends, sets, bounds, keys, counts, template_documents, longest_edit, own, payload):
    elements = 0
    for k in documents:
        elements += bounds[k + 1] - bounds[k]
    mask = clear_table(keys, elements)
    for k in documents:
        for i in range(bounds[k], bounds[k + 1]):
            key = max(sets[i], np.uint64(1))
            slot = slot_of(keys, mask, key)
            if keys[slot] == 0:
                keys[slot], counts[slot] = key, 0
            counts[slot] += 1
    for k in documents:
        its = sets[bounds[k]:bounds[k + 1]]
        run = 0
        for i in range(ends[k], ends[k + 1] + 1):
            if i < ends[k + 1] and counts[slot_of(keys, mask, max(shingles[i], np.uint64(1)))] < template_documents:
                run += 1
                continue
            if run > longest_edit:
                payload[k] = 1
                for shingle in shingles[i - run:i]:
                    own[bounds[k] + np.searchsorted(its, shingle)] = 1
            run = 0
