"""Sealed JSON: what nobody can have sealed."""

import json

import pytest

from maslin.manifests.files import is_sealed


@pytest.mark.parametrize("text", ['{"a": 1e999, "checksum": "x"}', '{"a": "\\ud800", "checksum": "x"}', "[1]", "1"])
def test_what_nobody_can_have_sealed_is_not_sealed(text):
    assert not is_sealed(json.loads(text))
