import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.licences.spdx import normalise
from maslin.curation.licences.tags import NOASSERTION, tagged

TAG = "SPDX-License-Identifier:"


@pytest.mark.parametrize(("line", "expected"), [
    (f"/* {TAG} GPL-2.0 */", "GPL-2.0-only"),
    (f"<!-- {TAG} MIT OR Apache-2.0 -->", "MIT OR Apache-2.0"),
    (f"# {TAG} (MIT AND ISC)", "MIT AND ISC"),
    (f"# {TAG} MIT\n# {TAG} ISC", "MIT AND ISC"),
    (f"/* {TAG} MIT */ #include <a.h>", "MIT"), (f"x = 1  # {TAG} MIT  # noqa", "MIT"),
    (f"{{ {TAG} MIT }}", "MIT"), (f"(* {TAG} MIT *)", "MIT"), (f"--[[ {TAG} MIT ]]", "MIT"),
    (f"#= {TAG} MIT =#", "MIT"),
    (f"<%-- {TAG} MIT --%>", "MIT"), (f"; {TAG}MIT;", "MIT"), (f"# {TAG} mit or apache-2.0", "MIT OR Apache-2.0"),
    (f"# {TAG.lower()} MIT", "MIT"), (f"# {TAG} licenseref-own", "LicenseRef-own"),
    (f"# {TAG} Apache-2.0.", "Apache-2.0"),
    (f" * {TAG} GPL-2.0 WITH Linux-syscall-note OR\n * MIT", "GPL-2.0-only WITH Linux-syscall-note OR MIT"),
    ("no tag here", None), (f"wanted = '{TAG} '", None),
])
def test_tags_are_read_in_any_comment(line: str, expected: str | None) -> None:
    assert tagged(line) == expected


@pytest.mark.parametrize("said", [
    "", "FooBar-1.0", "UNLICENSED", "NOASSERTION", "NONE", "MIT AND FooBar", "MIT OR FooBar", "MIT OR", "((MIT)",
    "%s", "Apache",
    "MIT License", "GPL-2.0 WITH some-exception", "GLP-3.0-only", "SEE LICENSE IN LICENSE", "MIT ISC", "{{ licence }}",
])
def test_a_tag_that_cannot_be_read_asserts_nothing(said: str) -> None:
    assert tagged(f"// {TAG} {said}") == NOASSERTION
    assert tagged(f"# {TAG} MIT\n# {TAG} {said}\n") == NOASSERTION


@given(st.text(max_size=300))
def test_any_tag_gives_an_expression_or_no_assertion(said: str) -> None:
    found = tagged(f"# {TAG} {said}")
    assert found == NOASSERTION or (found is not None and normalise(found) == found)
