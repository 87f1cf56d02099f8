"""Identity: canonical JSON, digests, document ids and hash-based draws.

Every random choice in Maslin is a hash of (seed, identity), so no result depends on the order of work.
"""

import hashlib
import json
import struct
from typing import Any

import xxhash

DIGEST_HEX = 16  # characters of a step digest: 64 bits


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces, UTF-8, and no NaN: equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """16 hex characters of sha256 over the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:DIGEST_HEX]


def digest_of(directory: str) -> str:
    """The digest in a step directory's name: equal ones are of one content, whatever their recipes call it."""
    return directory.rpartition("@")[2]


def document_id(kind: str, *parts: str | bytes) -> str:
    """32 hex characters of xxh3-128 over a source kind and the parts of a record's identity.

    Parts are length-prefixed, so ("ab", "c") and ("a", "bc") differ.
    """
    state = xxhash.xxh3_128()
    for part in (kind, *parts):
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        state.update(struct.pack("<Q", len(data)))
        state.update(data)
    return state.hexdigest()


_RECORD_CHARACTERS = 31


def variant_id(id: str, place: int) -> str:
    """The id of a record's document of which there are up to 16: its last digit says which, from the preferred one on.

    So those of a record are neighbours in the order of ids, the preferred one first.
    """
    return f"{record_of(id)}{place:x}"


def record_of(id: str) -> str:
    """What the ids of a record's variants have in common."""
    return id[:_RECORD_CHARACTERS]


def hash_unit(seed: int, *identity: str) -> float:
    """A uniform draw in [0, 1) that is a pure function of (seed, identity)."""
    return int(document_id(str(seed), *identity)[:13], 16) / 16**13


def hash_int(seed: int, *identity: str) -> int:
    """A uniform 64-bit integer that is a pure function of (seed, identity): seeds for generators."""
    return int(document_id(str(seed), *identity)[:16], 16)
