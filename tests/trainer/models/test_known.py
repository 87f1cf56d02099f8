"""What every architecture says of itself is so: of its model, and of the objectives there are."""

import pytest

from maslin.manifests.named import named
from maslin.trainer.data.objectives import OBJECTIVES
from maslin.trainer.models.known import ARCHITECTURES
from maslin.trainer.models.model import Decoder


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)
def test_an_architecture_is_what_it_says(architecture):
    assert issubclass(named(architecture.model), Decoder) == architecture.is_decoder
    assert architecture.objectives and set(architecture.objectives) <= set(OBJECTIVES)
    assert set(architecture.special_tokens.values()) <= set(architecture.reserved)
