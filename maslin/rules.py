"""What a rule of one's own is declared with, and a batch function answers with (docs/extending.md).

`StepSpec`, `Rule`, `Need` and `between` are light; `Batch`, `Decision`, `Judgement` and the like bring numpy and Arrow,
and are imported when they are first asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

from maslin.manifests.steps.spec import Need, Rule, StepSpec, between

if TYPE_CHECKING:
    from maslin.curation.rules.judgement import Judgement, decide, ratio
    from maslin.curation.text.batch import Batch, Decision, Edited, Spans

_OF_BATCHES = {
    **dict.fromkeys(("Judgement", "decide", "ratio"), "maslin.curation.rules.judgement"),
    **dict.fromkeys(("Batch", "Decision", "Edited", "Spans"), "maslin.curation.text.batch"),
}
__all__ = [
    "Batch", "Decision", "Edited", "Judgement", "Need", "Rule", "Spans", "StepSpec", "between", "decide", "ratio",
]


def __getattr__(name: str) -> Any:
    if name not in _OF_BATCHES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(importlib.import_module(_OF_BATCHES[name]), name)
