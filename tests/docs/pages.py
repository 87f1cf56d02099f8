"""The examples of a page: blocks of code whose fence names a file, "```python my_rules.py"."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
_BLOCK = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.M | re.S)


def examples(page: str) -> dict[str, str]:
    """The text of every file that the page shows, by its path."""
    return dict(_BLOCK.findall((DOCS / page).read_text(encoding="utf-8")))
