"""Licences by file: short names, patterns, and what holds for the files of an archive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.licences.archive import LicenceMap
from maslin.curation.licences.debian import MAX_PARAGRAPHS
from maslin.curation.licences.detect import by_file_of, detect

HEAD = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: x\n\n"


def stated(name: str, words: str = "") -> str | None:
    body = "".join(f" {line or '.'}\n" for line in words.splitlines())
    return detect(f"{HEAD}Files: *\nCopyright: 2020 Jo\nLicense: {name}\n{body}")


@pytest.mark.parametrize(("name", "expected"), [
    ("GPL-2+", "GPL-2.0-or-later"), ("GPL-2", "GPL-2.0-only"), ("LGPL-2.1+", "LGPL-2.1-or-later"),
    ("GPL", "GPL-1.0-or-later"), ("GFDL-NIV-1.3+", "GFDL-1.3-or-later"), ("Expat", "MIT"), ("MPL-2.0", "MPL-2.0"),
    ("Apache-2", "Apache-2.0"), ("public-domain", "LicenseRef-Public-Domain"), ("CC-BY-SA-3", "CC-BY-SA-3.0"),
    ("GPL-2+ or Expat", "GPL-2.0-or-later OR MIT"), ("BSD-3-clause and/or ISC", "BSD-3-Clause OR ISC"),
    ("GPL-1+ or Artistic, and Expat", "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND MIT"),
    ("perl and Zlib", "(Artistic-1.0-Perl OR GPL-1.0-or-later) AND Zlib"),
    ("GPL-3+ with Bison exception", "GPL-3.0-or-later"), ("SomethingElse", None), ("Expat and SomethingElse", None),
])
def test_short_names(name: str, expected: str | None) -> None:
    assert stated(name) == expected


def test_a_name_that_is_not_known_is_told_by_its_words() -> None:
    words = "Permission to use, copy, modify, and distribute this software for any purpose with or without fee is " \
        "hereby granted, provided that the above copyright notice and this permission notice appear in all copies."
    assert stated("custom-1", words) == "ISC"
    assert stated("custom-1", f"{words}\nNot for military use.") is None


LIST = HEAD + """Files: *
License: GPL-2+

Files: lib/*.c
 src/[a]?.py
License: Expat

Files: lib/odd.c
License: NoSuchLicence
"""


def test_the_last_pattern_that_matches_holds() -> None:
    found = LicenceMap()
    found.add("p-1/debian/copyright", LIST)
    found.add("p-1/COPYING", "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007")
    assert {path: found.licence_of(f"p-1/{path}", "") for path in (
        "x.py", "lib/sub/a.c", "lib/odd.c", "src/[a]b.py", "src/ab.py")} == {
        "x.py": "GPL-2.0-or-later", "lib/sub/a.c": "MIT", "lib/odd.c": None, "src/[a]b.py": "MIT",
        "src/ab.py": "GPL-2.0-or-later"}
    assert found.licence_of("p-1/lib/odd.c", "SPDX-License-Identifier: ISC") == "ISC"
    assert detect(LIST) == "GPL-2.0-or-later AND MIT AND LicenseRef-Other-Terms"


def test_a_text_nearer_to_the_file_goes_before_the_list() -> None:
    found = LicenceMap()
    found.add(".reuse/dep5", LIST)
    found.add("deps/z/LICENSE", "This is free and unencumbered software released into the public domain.")
    assert found.licence_of("deps/z/a.c", "") == "Unlicense"
    assert found.licence_of("deps/a.c", "") == "GPL-2.0-or-later"


def test_hostile_lists_end() -> None:
    stars = "*a" * 400
    many = by_file_of(HEAD + f"Files: {stars}\nLicense: Expat\n\n" * (MAX_PARAGRAPHS + 5))
    assert many is not None and many.licence_of("a" * 2000 + "b") == (False, None)


@given(st.text(alphabet="FilesLcn: *?[]\\\n.GPL-2+and or,", max_size=200))
def test_any_list_is_answered(text: str) -> None:
    by_file = by_file_of(HEAD + text)
    assert by_file is None or by_file.licence_of("a/b.c")[0] in (True, False)
