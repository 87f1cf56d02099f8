"""Heads of the older ARC format: a line of fields with a space between, the first of them an address.

Version 1 is `address IP date type length`, version 2 `address IP date type status checksum location offset file length`
(https://archive.org/web/researcher/ArcFileFormat.php). Addresses hold spaces and types parameters, so that a head is
read from its end.
"""

import re
from dataclasses import dataclass

_DATE = re.compile(rb"\d{8,14}")
_STATUS = re.compile(rb"\d{3}|-")
_ADDRESS = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:")
_TYPE_WITH_PARAMETERS = re.compile(rb"(.+) [^ ]+ (\d{8,14}) ([^ ]*;.*) \d+")
_LIKE_A_HEAD = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{1,11}:[^\r\n]* \d+\r?\n")


@dataclass(frozen=True, slots=True)
class ArcHead:
    uri: bytes
    date: bytes
    type: bytes


def arc_head(line: bytes) -> ArcHead | None:
    """What the line of a head says; None when it is none."""
    line = line.rstrip(b"\r\n")
    if not _ADDRESS.match(line) or not line.rpartition(b" ")[2].isdigit():
        return None
    fields = line.rsplit(b" ", 9)
    if len(fields) == 10 and _DATE.fullmatch(fields[2]) and _STATUS.fullmatch(fields[4]):
        return ArcHead(fields[0], fields[2], fields[3])
    fields = line.rsplit(b" ", 4)
    if len(fields) == 5 and _DATE.fullmatch(fields[2]):
        return ArcHead(fields[0], fields[2], fields[3])
    found = _TYPE_WITH_PARAMETERS.fullmatch(line)
    return ArcHead(found[1], found[2], found[3]) if found else None


def begins_with_head(data: bytes) -> bool:
    line, end, _ = data.partition(b"\n")
    return bool(end) and arc_head(line) is not None


def may_be_damaged_head(data: bytes) -> bool:
    """Whether a line looks like a head that lost something: a record before it is over."""
    return _LIKE_A_HEAD.match(data) is not None
