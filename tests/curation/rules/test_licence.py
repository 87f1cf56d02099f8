import pytest

from maslin.curation.rules import licence
from maslin.curation.text.batch import KEEP, Batch
from maslin.manifests.steps.licence import Licence
from tests.curation.documents import documents


@pytest.mark.parametrize(("expression", "keep", "kept"), [
    ("MIT", ("permissive",), True),
    ("GPL-3.0-only", ("permissive",), False),
    ("GPL-3.0-only OR MIT", ("permissive",), True),
    ("GPL-3.0-only AND MIT", ("permissive",), False),
    ("GPL-3.0-only AND MIT", ("permissive", "GPL-3.0-only"), True),
    ("MIT", ("Apache-2.0",), False),
    ("mit", ("MIT",), True),
    ("Apache-2.0 WITH LLVM-exception", ("permissive",), True),
    ("GPL-2.0-only WITH Classpath-exception-2.0", ("GPL-2.0-only WITH Classpath-exception-2.0",), True),
    ("GPL-2.0-only", ("GPL-2.0-only WITH Classpath-exception-2.0",), False),
    ("a licence of our own", ("permissive",), False),
    ("a licence of our own", ("a licence of our own",), True),
])
def test_expressions(expression, keep, kept):
    assert licence.is_kept(expression, keep) is kept


def test_reasons():
    decision = licence.judge(Batch(documents(["", "", ""], licence=[None, "GPL-3.0-only", "MIT"])), Licence())
    assert [KEEP if c == KEEP else decision.reasons[c].rule for c in decision.cause] == [
        "unknown_licence", "licence", KEEP,
    ]
    assert decision.detail == {1: "GPL-3.0-only"}
