"""Marks for tests of rules that need fetched models or an optional package."""

from importlib.util import find_spec

import pytest

from maslin.curation import resources


def needs_model(name: str) -> pytest.MarkDecorator:
    absent = name in resources.missing()
    return pytest.mark.skipif(absent, reason=f"model {name} is not here: run `maslin setup`")


needs_spacy = pytest.mark.skipif(find_spec("spacy") is None, reason="the optional package spacy is not installed")
