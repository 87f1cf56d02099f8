import pytest

from maslin.curation.licences.archive import LicenceMap
from maslin.curation.licences.headings import heading_comment, stated_licence
from maslin.curation.licences.tags import NOASSERTION
from tests.curation.licences.test_detect import GPL2_OR_LATER, MIT

CODE = "\n".join(f"x{n} = {n}" for n in range(30))


def test_the_heading_ends_with_the_code() -> None:
    text = f"#!/bin/sh\nVERSION=1\n# heading\n{CODE}\n# licensed under the MIT license\n"
    assert "heading" in heading_comment(text) and "MIT" not in heading_comment(text)
    assert heading_comment('"""Doc\nwith lines\n"""\nx = 1\n').count("\n") == 2


@pytest.mark.parametrize(("text", "expected"), [
    ("# SPDX-License-Identifier: MIT\nx = 1\n", "MIT"),
    ("int x; /* SPDX-License-Identifier: ISC */\n", "ISC"), (":: SPDX-License-Identifier: MIT\r\n@echo off\r\n", "MIT"),
    (f"{CODE}\n# SPDX-License-Identifier: Nonsense\n", NOASSERTION),
    (f"{CODE}\nt = '# SPDX-License-Identifier: %s'\n", None),
    (f"// SPDX-License-Identifier: MIT\n// {GPL2_OR_LATER}", "MIT"),
    (f"// SPDX-License-Identifier: nothing known\n// {MIT}", NOASSERTION),
    ("# Licensed under the Foo Public License 3.2\n", NOASSERTION), ("/* @license Quux-2 */\n", NOASSERTION),
    ("// Licensed under the terms of the Initech Software License Agreement.\n", NOASSERTION),
    ("# Proprietary and confidential.\n", NOASSERTION),
    ("/* Unauthorized copying of this file, via any medium, is strictly prohibited */\n", NOASSERTION),
    ("# Use of this source code is governed by a BSD-style license that can be found in the LICENSE file.\n", None),
    ("# License: see LICENSE.txt\n", None), ("# Distributed under the same license as the foo package.\n", None),
    ("/* Licensed under the license of this project. */\n", None), ("# @license https://foo.example/license\n", None),
    ("# Checks that users are licensed to drive.\n", None), (CODE, None), ("", None),
])
def test_what_a_file_states_for_itself(text: str, expected: str | None) -> None:
    assert stated_licence(heading_comment(text)) == expected


def test_a_file_with_terms_of_its_own_never_has_its_projects_licence() -> None:
    found = LicenceMap()
    found.add("p/LICENSE", MIT)
    assert found.licence_of("p/a.py", "x = 1\n") == "MIT"
    assert found.licence_of("p/a.py", "# SPDX-License-Identifier: FooBar-1.0\nx = 1\n") is None
    assert found.licence_of("p/a.py", "# SPDX-License-Identifier: LicenseRef-Own\nx = 1\n") == "LicenseRef-Own"
    assert found.licence_of("p/a.py", "# Licensed under the Foo Public License.\nx = 1\n") is None
