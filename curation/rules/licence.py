"""Keep documents by licence: an SPDX expression that the named set, or the identifiers given, allow.

`keep` holds `permissive` (curation/licences/data/permissive.txt) and SPDX identifiers. Of licences joined by OR one
must be allowed, of those joined by AND all; an exception (WITH) adds permissions, so that the licence before it decides
unless the pair itself is in `keep`. A document whose licence is not known is dropped as `unknown_licence`, another as
`licence`.
"""

from functools import lru_cache

from maslin.curation.licences import spdx
from maslin.curation.rules.judgement import Judgement
from maslin.curation.text.batch import Batch, Decision
from maslin.manifests.steps.licence import LICENCE, Licence


def judge(batch: Batch, parameters: Licence) -> Decision:
    judgement = Judgement(LICENCE, parameters, batch)
    for row, licence in enumerate(batch.column("licence")):
        if licence is None:
            judgement.drop("unknown_licence", row)
        elif not is_kept(licence, parameters.keep):
            judgement.drop("licence", row, detail=licence)
    return judgement.decision()


@lru_cache(maxsize=4096)
def is_kept(licence: str, keep: tuple[str, ...]) -> bool:
    """Whether the expression leaves a choice that `keep` allows."""
    names = {spdx.normalise(name) or name for name in keep}
    expression = spdx.parse(licence)
    return licence in names if expression is None else _allows(expression, names)


def _allows(expression: spdx.Expression, names: set[str]) -> bool:
    if spdx.write(expression) in names:
        return True
    if isinstance(expression, str):
        return "permissive" in names and spdx.is_permissive(expression)
    operator, *operands = expression
    if operator == "WITH":
        return _allows(operands[0], names)
    return (any if operator == "OR" else all)(_allows(part, names) for part in operands)
