"""docs/rules.md says what the code says."""

import runpy
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_of_rules_is_in_step_with_the_code():
    made = runpy.run_path(str(DOCS / "make_rules.py"))["page"]()
    assert made == (DOCS / "rules.md").read_text(encoding="utf-8"), "run `python docs/make_rules.py`"
