"""How a worker's process holds memory: a batch's arrays are freed and asked for again, thousands of times."""

import ctypes

_KEPT_BYTES = 256 << 20  # at most, of what is free at the end of the heap
_HEAP_BYTES = 32 << 20  # an array up to this size lies there
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of <malloc.h>


def keep_freed() -> None:
    """Have glibc keep what is freed; it would hand it back to the system, and every batch begin with pages that the
    system clears anew: a twentieth of the time a web page takes. With another C library: nothing.
    """
    try:
        choose = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    choose(_MMAP_THRESHOLD, _HEAP_BYTES)
    choose(_TRIM_THRESHOLD, _KEPT_BYTES)
