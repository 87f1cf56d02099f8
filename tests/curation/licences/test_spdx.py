import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.licences.spdx import (
    combine,
    declared,
    identifiers,
    is_permissive,
    licence_id,
    normalise,
    permissive,
)


@pytest.mark.parametrize(("text", "expected"), [
    ("mit", "MIT"),
    ("MIT or Apache-2.0", "MIT OR Apache-2.0"),
    ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
    ("GPL-2.0+", "GPL-2.0-or-later"),
    ("Apache-2.0+", "Apache-2.0+"),
    ("((MIT)) AND (MIT AND ISC)", "MIT AND ISC"),
    ("(MIT OR ISC) AND BSD-3-Clause", "(MIT OR ISC) AND BSD-3-Clause"),
    ("GPL-2.0-only WITH Linux-syscall-note OR MIT", "GPL-2.0-only WITH Linux-syscall-note OR MIT"),
    ("LicenseRef-ours", "LicenseRef-ours"),
    ("", None), ("BSD", None), ("MIT OR", None), ("(MIT", None), ("MIT ISC", None), ("MIT WITH nothing", None),
])
def test_expressions_are_read_and_written_in_one_form(text: str, expected: str | None) -> None:
    assert normalise(text) == expected


def test_a_declared_bare_gnu_name_means_that_version_only() -> None:
    assert declared("GPL-2.0 WITH Linux-syscall-note") == "GPL-2.0-only WITH Linux-syscall-note"
    assert declared("LGPL-2.1 OR GPL-3.0-or-later") == "LGPL-2.1-only OR GPL-3.0-or-later"
    assert normalise("GPL-2.0") == "GPL-2.0"


@pytest.mark.parametrize(("text", "expected"), [
    ("MIT", True), ("GPL-3.0-only", False), ("GPL-3.0-only OR MIT", True), ("GPL-3.0-only AND MIT", False),
    ("(GPL-2.0-only OR MIT) AND ISC", True), ("Apache-2.0 WITH LLVM-exception", True), ("Apache-2.0+", True),
    ("GPL-2.0-only WITH Classpath-exception-2.0", False), ("MIT AND LicenseRef-Commons-Clause", False),
    ("MPL-2.0", False), ("CC-BY-SA-4.0", False), (None, False), ("nonsense text", False),
])
def test_permissive_by_choice_or_by_all(text: str | None, expected: bool) -> None:
    assert is_permissive(text) is expected


def test_permissive_identifiers_are_on_the_list() -> None:
    assert [name for name in permissive() if licence_id(name) != name] == []


def test_combining_keeps_each_expression_once_and_its_parentheses() -> None:
    assert combine("AND", ["MIT", "MIT OR ISC", "MIT"]) == "MIT AND (MIT OR ISC)"
    assert combine("OR", []) is None
    assert identifiers("MIT AND (GPL-2.0-only WITH Classpath-exception-2.0 OR ISC)") == {"MIT", "GPL-2.0-only", "ISC"}


def test_deep_and_long_input_is_refused() -> None:
    assert normalise("(" * 5000 + "MIT" + ")" * 5000) is None
    assert normalise(" OR ".join(["MIT"] * 5000)) is None


_EXPRESSIONS = st.recursive(
    st.sampled_from(["MIT", "ISC", "GPL-2.0-only", "Apache-2.0 WITH LLVM-exception"]),
    lambda inner: st.tuples(inner, st.sampled_from([" AND ", " OR "]), inner).map(lambda t: f"({t[0]}){t[1]}({t[2]})"),
    max_leaves=8,
)


@given(_EXPRESSIONS)
def test_normal_form_is_stable_and_keeps_the_meaning(text: str) -> None:
    once = normalise(text)
    assert once is not None and normalise(once) == once
    assert is_permissive(once) == is_permissive(text)
    assert identifiers(once) == identifiers(text)


@given(st.text(max_size=200))
def test_any_text_gives_an_expression_or_none(text: str) -> None:
    assert normalise(text) is None or is_permissive(text) in (True, False)
