"""Real inputs and golden records that may lie beside the checkout; tests that need them say so when they do not."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared_data(path: str) -> Path:
    """A file of the real inputs, or skip the test."""
    found = SHARED / "data" / path
    if not found.exists():
        pytest.skip(f"real input {path} is not beside this checkout")
    return found


def golden(name: str) -> list[dict[str, Any]]:
    """The records of a golden file, or skip the test."""
    found = SHARED / "golden" / f"{name}.jsonl.gz"
    if not found.exists():
        pytest.skip(f"golden records {name} are not beside this checkout")
    with gzip.open(found, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
