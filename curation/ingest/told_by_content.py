"""What a file is by its first bytes: asked of files in a folder whose names do not say it."""

import json
import re
from pathlib import Path

from maslin.curation.ingest.decompression import beginning

_HEAD_BYTES = 64 << 10


def is_web_archive(path: Path) -> bool:
    return beginning(path, 16).lstrip(b"\r\n").startswith((b"WARC/", b"filedesc:"))


def is_dump(path: Path) -> bool:
    return b"<mediawiki" in beginning(path, _HEAD_BYTES)


def is_code_archive(path: Path) -> bool:
    head = beginning(path, 512)
    return head.startswith(b"PK\x03\x04") or head[257:262] == b"ustar"


def is_parquet(path: Path) -> bool:
    return beginning(path, 4) == b"PAR1"


def has_documents(path: Path) -> bool:
    """Whether JSON Lines with a `text`: no description of a data set, which is JSON too."""
    return _has_rows(path, ("text",))


def has_conversations(path: Path) -> bool:
    return _has_rows(path, ("messages", "instruction"))


def _has_rows(path: Path, keys: tuple[str, ...]) -> bool:
    """Whether one of the first lines is an object with a string or list under one of the keys."""
    head = beginning(path, _HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head.startswith(b"{"):
        return False
    for line in head.splitlines():
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and any(isinstance(row.get(key), str | list) for key in keys):
            return True
    is_cut = b"\n" not in head and len(head) > _HEAD_BYTES // 2  # the first line is longer than what is looked at
    return is_cut and re.search(rb'"(?:%s)"\s*:\s*["\[]' % "|".join(keys).encode(), head) is not None
