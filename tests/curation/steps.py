"""Curation steps by name, as recipes and manifests have them."""

from typing import Any

from maslin.manifests.steps.known import STEPS
from maslin.manifests.steps.spec import CurationStep


def step(name: str, **parameters: Any) -> CurationStep:
    return CurationStep(STEPS[name], STEPS[name].parameters(**parameters)).resolved()


def entry(name: str, **parameters: Any) -> dict[str, Any]:
    """The step as it stands in a manifest."""
    return step(name, **parameters).to_json()
