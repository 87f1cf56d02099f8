import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.licences import notices
from maslin.curation.licences.detect import detect, detect_notice, offers_choice, plain
from maslin.curation.licences.phrases import NAMES
from tests.shared_data import golden

MIT = (
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software, to deal in the "
    "Software without restriction, subject to the following conditions: The above copyright notice and this permission "
    "notice shall be included in all copies."
)
BSD2 = (
    "Redistribution and use in source and binary forms, with or without modification, are permitted provided that: "
    "1. Redistributions of source code must retain the above copyright notice. 2. Redistributions in binary form must "
    "reproduce the above copyright notice in the documentation."
)
BSD3 = BSD2 + " 3. Neither the name of the holder nor the names of its contributors may be used to endorse products."
BSD4 = BSD3 + " All advertising materials mentioning features of this software must display: ..."
ISC = (
    "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby "
    "granted, provided that the above copyright notice and this permission notice appear in all copies. In no event ..."
)
CMU = (
    "By obtaining, using, and/or copying this software and/or its associated documentation, you agree that you have "
    "read, understood, and will comply with the following terms: Permission to use, copy, modify and distribute this "
    "software and its documentation for any purpose and without fee is hereby granted, provided that the above "
    "copyright notice appears in all copies, and that both that copyright notice and this permission notice appear in "
    "supporting documentation, and that the name of X not be used in advertising without prior permission. X DISCLAIMS "
    "ALL WARRANTIES ... THE USE OR PERFORMANCE OF THIS SOFTWARE."
)
GPL2_OR_LATER = (
    "This program is free software; you can redistribute it and/or modify it under the terms of the GNU General Public "
    "License as published by the Free Software Foundation; either version 2 of the License, or (at your option) any "
    "later version. See the GNU General Public License for more details. You should have received a copy of the GNU "
    "General Public License along with this program."
)


@pytest.mark.parametrize(("text", "expected"), [
    (MIT, "MIT"),
    (MIT.replace("subject to", "without").partition("The above")[0].replace("the following conditions", ""), "MIT-0"),
    (BSD2, "BSD-2-Clause"), (BSD3, "BSD-3-Clause"), (BSD4, "BSD-4-Clause"),
    (ISC, "ISC"),
    (ISC.replace("provided that the above copyright notice and this permission notice appear", ""), "0BSD"),
    (GPL2_OR_LATER, "GPL-2.0-or-later"),
    (GPL2_OR_LATER.replace("; either version 2 of the License, or (at your option) any later version", ""),
     "GPL-1.0-or-later"),
    ("under the terms of version 2 of the GNU General Public License as published by the FSF", "GPL-2.0-only"),
    ("distributed under the GNU Lesser General Public License v2.1+", "LGPL-2.1-or-later"),
    ("License: AGPLv3", "AGPL-3.0-only"),
    ("Licensed under the Apache License, Version 2.0 (the \"License\")", "Apache-2.0"),
    ("This Source Code Form is subject to the terms of the Mozilla Public License, v. 2.0.", "MPL-2.0"),
    ("dual-licensed under MIT and Apache-2.0", "MIT OR Apache-2.0"),
    ("Licensed under either of Apache License, Version 2.0 or MIT license at your option.", "Apache-2.0 OR MIT"),
    ("This library is free software; you may use it under the same terms as Perl itself.",
     "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("Creative Commons Attribution-ShareAlike 3.0 Unported", "CC-BY-SA-3.0"),
    ("Attribution-NonCommercial 4.0 International", "CC-BY-NC-4.0"),
    ("https://creativecommons.org/licenses/by-nd/4.0/", "CC-BY-ND-4.0"),
    ("This is free and unencumbered software released into the public domain.", "Unlicense"),
    ("This file is in the public domain. No licence needed.", "LicenseRef-Public-Domain"),
    ("released under the BSD license", "LicenseRef-BSD"),
    (CMU, "MIT-CMU"),
    (CMU[CMU.index("Permission"):], "HPND"), (CMU[CMU.index("Permission"):].replace("and without fee", "with or "
     "without fee"), "NTP"),
    ("Permission to use, copy, modify, and distribute this software for any purpose and without fee is hereby granted. "
     "The author disclaims all warranties.", "HPND-Markus-Kuhn"),
    ("Derived from CPython 1.6 and licensed under CNRI's Python 1.6 license. All changes are licensed under the Apache "
     "2.0 License.", "CNRI-Python AND Apache-2.0"),
    ("This LICENSE AGREEMENT is between the Corporation for National Research Initiatives, having an office at ...",
     "CNRI-Python"),
    ("PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2 ... agrees to be bound by the terms and conditions of this License "
     "Agreement. CNRI LICENSE AGREEMENT ... Licensee agrees to be bound by the terms and conditions of this License "
     "Agreement.", "PSF-2.0"),
    ("The author disclaims copyright. In place of a legal notice, here is a blessing: May you do good and not evil. "
     "May you find forgiveness for yourself and forgive others.", "blessing"),
    ("GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n...", "GPL-3.0"),
    ("GNU LESSER GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007", "LGPL-3.0"),
])
def test_texts_and_notices(text: str, expected: str) -> None:
    assert detect(text) == expected


@pytest.mark.parametrize("text", [
    "", "A driving licence is required to rent a car; the museum is open to the public.", "Copyright 2021 Jane Doe",
    "Use of this source code is governed by a BSD-style license that can be found in the LICENSE file.",
    "We talked about MIT and Apache 2.0 servers; no licence was given.",
    "Modified MIT License", "licensed under the MIT license, with restrictions", "Why we do not use an MIT license",
    "This licence is derived from the MIT License", "Adapted Apache 2.0 License",
    MIT.replace("without restriction", "with restriction, including the rights to use, copy and sell it"),
    MIT.replace("without restriction", "without restriction, including the rights to use, copy and modify it"),
    "MIT License\nPermission is hereby not granted to any person obtaining a copy of this software",
    ISC.replace("in all copies.", "in all copies and that users of this software contribute in some way."),
])
def test_no_licence_is_told_where_none_is_stated(text: str) -> None:
    assert detect(text) is None


@pytest.mark.parametrize(("text", "expected"), [
    ("MIT License and MPLv2.0", "MIT AND MPL-2.0"), ("Font: SIL OFL 1.1, CSS: MIT License", "OFL-1.1 AND MIT"),
    ("Its code is under the MIT license, its data under the Open Database License.", "MIT AND ODbL-1.0"),
    ("This software is GPL-licensed, with several MIT-licensed parts.", "GPL-1.0-or-later AND MIT"),
    ("licensed under the BSL 1.1, converting to the Apache 2.0 license after 4 years", "BUSL-1.1"),
    ("released under the BSD Protection License", "BSD-Protection"),
    ('license = "MIT-Hippocratic-2.1"', "Hippocratic-2.1"),
])
def test_licences_that_are_not_permissive_are_known_by_name(text: str, expected: str) -> None:
    assert detect(text) == expected


def test_words_that_formatters_broke_or_joined_are_read() -> None:
    assert detect(MIT.replace("obtaining", "ob-\n   taining").replace("conditions", "condi-\n * tions")) == "MIT"
    assert detect(f"<p>{ISC.replace('fee', 'fee&nbsp;')}</p>") == "ISC"
    assert detect("Redistribution and use in source and binary forms, with or without modi\ufb01cation. " + BSD2) == (
        "BSD-2-Clause")


@pytest.mark.parametrize(("text", "expected"), [
    ("Permission is granted to anyone to use this software for any purpose, including commercial applications. Altered "
     "source versions must be plainly marked as such. This notice may not be removed or altered from any source "
     "distribution.", "Zlib"),
    ("Permission to use, copy, modify, and distribute this software and its documentation for any purpose, without "
     "fee, and without a written agreement is hereby granted. The author has no obligations to provide maintenance, "
     "support, updates, enhancements, or modifications.", "PostgreSQL"),
    (BSD2.replace("Redistribution and", "Redistribution of this software and documentation and"), "BSD-2-Clause"),
    ('0. Definitions. "This License" refers to version 3 of the GNU Affero General Public License.', "AGPL-3.0"),
    (ISC.replace("the above copyright notice and this", "this"), "ISC"),
    ("Attribution 2.5\n\nCREATIVE COMMONS CORPORATION IS NOT A LAW FIRM. ... Creative Commons may be contacted at",
     "CC-BY-2.5"),
    ("Apple Public Source License Version 2.0 - August 6, 2003", "APSL-2.0"),
])
def test_texts_in_other_forms(text: str, expected: str) -> None:
    assert detect(text) == expected


def test_all_texts_of_a_file_hold_unless_a_choice_is_offered() -> None:
    bundled = f"{MIT}\n\nThe tests contain code under this licence:\n\n{BSD3}"
    assert detect(bundled) == "MIT AND BSD-3-Clause"
    assert detect_notice(bundled) == "MIT AND BSD-3-Clause"
    assert detect(f"You may choose either of the following licences.\n{MIT}\n\n{BSD3}") == "MIT OR BSD-3-Clause"
    assert detect(f"Dual licensed: MIT or Apache-2.0\n{MIT}\nSome files are under:\n{ISC}") == (
        "(MIT OR Apache-2.0) AND ISC")
    assert detect(f"{MIT}\n\nName: x\nLicense: GPL-3.0-or-later WITH GCC-exception-3.1\n") == (
        "MIT AND GPL-3.0-or-later WITH GCC-exception-3.1")


def test_a_title_is_no_second_licence() -> None:
    assert detect(f"MIT No Attribution\n\n{MIT}") == "MIT"
    assert detect(f"The MIT-CMU License\n\n{CMU}") == "MIT-CMU"


def test_a_choice_among_bundled_licences_does_not_loosen_the_first() -> None:
    gpl = "GNU GENERAL PUBLIC LICENSE\nVersion 2, June 1991\n...\nEND OF TERMS AND CONDITIONS\n"
    assert detect(f"{gpl}\nThe bundled font is dual-licensed: {MIT} or {BSD2}") == "GPL-2.0 AND MIT AND BSD-2-Clause"


def test_a_notice_before_the_text_says_which_versions_hold() -> None:
    text = "GNU GENERAL PUBLIC LICENSE\nVersion 2, June 1991\n... either version 2 of the License, or any later version"
    assert detect(text) == "GPL-2.0"
    assert detect(f"{GPL2_OR_LATER}\n\n{text}") == "GPL-2.0-or-later"


def test_limiting_additions_are_not_lost() -> None:
    assert detect(f'"Commons Clause" License Condition v1.0\n\n{MIT}') == "MIT AND LicenseRef-Commons-Clause"
    assert detect(f"{MIT} The Software shall be used for Good, not Evil.") == "JSON"


def test_comment_signs_and_line_ends_do_not_matter() -> None:
    words = MIT.split()
    lines = [" ".join(words[i:i + 7]) for i in range(0, len(words), 7)]
    assert detect("\n".join(f" *  {line}" for line in lines)) == "MIT"
    assert detect("\r\n".join(f"dnl {line}" for line in lines)) == "MIT"


def test_a_file_that_points_to_others_offers_a_choice() -> None:
    assert offers_choice("made available under the terms of *either* of the licenses in LICENSE.APACHE or LICENSE.BSD")
    assert not offers_choice(MIT)


@given(st.text(max_size=500))
def test_any_text_is_answered(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9.+ ]*", plain(text))
    assert detect(text) is None or isinstance(detect(text), str)


def test_repeated_phrases_take_linear_time() -> None:
    assert detect((ISC + BSD3 + "licensed under the MIT license or the gpl gpl ") * 400)


def test_golden_licences() -> None:
    """Exact but for a bare AGPL text, an unnamed exception, "BSD-style", one whose truth is not in its text, and two
    files that hold more texts than the metadata of their packages tell: there theirs is the first.
    """
    records = [record for record in golden("licences") if record["truth"]]
    answers = {record["id"]: (detect(record["text"]), record["truth"]) for record in records}
    other = {name: answer for name, (answer, truth) in answers.items() if answer != truth}
    assert len(records) == 56 and other == {
        "lic:wikiextractor": "AGPL-3.0", "lic:hand:gpl-exception": "GPL-2.0-or-later", "lic:hand:header-bsdstyle": None,
        "lic:tld:LICENSE.rst": "GPL-2.0-only OR LGPL-2.1-only OR MPL-1.1", "lic:wcwidth": "MIT AND HPND-Markus-Kuhn",
        "lic:grpcio": "Apache-2.0 AND BSD-3-Clause AND MPL-2.0"}


def test_golden_files_of_many_licences() -> None:
    """Debian's lists by file answer with every licence they name, which ScanCode finds too."""
    records = [record for record in golden("licences") if record["id"].startswith("lic:debian-copyright:")]
    found = {record["id"].rpartition(":")[2]: detect(record["text"]) for record in records}
    assert found == {
        "curl": "curl AND OLDAP-2.8 AND ISC AND GPL-2.0-or-later AND GPL-3.0-or-later AND BSD-3-Clause AND "
                "BSD-4-Clause-UC AND FSFULLR AND X11",
        "libffi8": "MIT AND X11 AND GPL-2.0-or-later AND GPL-3.0-or-later AND (MPL-1.1 OR GPL-2.0-or-later OR "
                   "LGPL-2.1-or-later) AND LicenseRef-Public-Domain AND GPL-1.0-or-later",
        "libsqlite3-0": "LicenseRef-Public-Domain AND GPL-2.0-or-later", "libxml2": "X11 AND ISC",
        "openssl": "Apache-2.0 AND (Artistic-1.0-Perl OR GPL-1.0-or-later)"}


def test_names_are_looked_for_at_every_place_where_one_may_begin() -> None:
    for _, pattern in NAMES:
        for alternative in re.split(r"\|(?![^(]*\))", re.sub(r"\(\?<=[^)]*\)", "", pattern)):
            opened = re.sub(r"\((?:\?:)?([^()|?]*)(?:\|[^()]*)?\)\??", r"\1", alternative)
            begins = re.sub(r"\(\?P<\w+>.*|\[.*|[?(\\].*", "", opened)
            assert notices._NAME_START.match(begins) or not begins.strip(), (pattern, alternative, begins)
