"""A mark for tests of rules that need fetched models."""

import pytest

from curation import resources


def needs_model(name: str) -> pytest.MarkDecorator:
    absent = name in resources.missing()
    return pytest.mark.skipif(absent, reason=f"model {name} is not here: run `maslin setup`")
