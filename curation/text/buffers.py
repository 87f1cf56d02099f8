"""Texts of a table as the kernels read them: the bytes that Arrow has, and where each text lies in them."""

import numpy as np
import pyarrow as pa


def bytes_and_offsets(texts: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """uint8, and int64 (texts + 1): text i is bytes [offsets[i], offsets[i + 1]). No text may be null.

    Neither may be written, whatever Arrow says of its memory: a kernel compiles for one kind of array only.
    """
    text = texts.cast(pa.large_string())
    if isinstance(text, pa.ChunkedArray):
        text = text.combine_chunks()
    offsets, data = np.zeros(1, np.int64), np.zeros(0, np.uint8)
    if len(text):
        offsets = np.frombuffer(text.buffers()[1], np.int64)[text.offset : text.offset + len(text) + 1]
        if offsets[-1]:
            data = np.frombuffer(text.buffers()[2], np.uint8, offsets[-1])
    return _frozen(data), _frozen(offsets)


def _frozen(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view
