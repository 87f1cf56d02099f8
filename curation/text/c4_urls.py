"""URLs as C4's code compares and draws by them: its normalisation, and the MD5 of a page's URL."""

import hashlib
import re

import numpy as np
import pyarrow as pa

_SCHEME = re.compile(r"https?://(www\.)?")
_TRACKING = re.compile(r"\?(utm_|ref|feed).*")


def normalised(url: str) -> str:
    """Without schemes, `www.`, a query that begins as a tracking one does, and slashes at the end.

    As TFDS `normalize_url`: the first two go wherever they stand.
    """
    return _TRACKING.sub("", _SCHEME.sub("", url)).rstrip("/")


def page_digests(documents: pa.Table, normalise: bool) -> np.ndarray:
    """uint64 (documents, 2): the MD5 of each document's URL, high half first; of its id where it has no URL."""
    digests = [
        hashlib.md5((id if url is None else normalised(url) if normalise else url).encode(), usedforsecurity=False)
        for id, url in zip(documents["id"].to_pylist(), documents["url"].to_pylist(), strict=True)
    ]
    return np.frombuffer(b"".join(digest.digest() for digest in digests), ">u8").reshape(-1, 2).astype(np.uint64)


def drawn(documents: pa.Table, fraction: float) -> np.ndarray:
    """bool (documents): the documents of a share `fraction` = n/d, those whose MD5 of the normalised URL mod d is < n.

    As `get_badwords_filter_fn` draws: n/d is the binary fraction that a float is.
    """
    share, whole = fraction.as_integer_ratio()
    return np.array(
        [(int(high) << 64 | int(low)) % whole < share for high, low in page_digests(documents, normalise=True)], bool)
