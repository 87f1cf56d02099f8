import pytest

from maslin.curation.licences.detect import detect
from tests.curation.licences.test_detect import BSD2, BSD3, BSD4, CMU, GPL2_OR_LATER, ISC, MIT

ADDED = [
    "The Software may be used for non-commercial purposes only.",
    "This software must not be used for military purposes.",
    "Commercial use requires a separate licence.", "You may not use it to train models.", "For academic use only.",
    "Redistribution in any form is prohibited.", "Changes must be published.",
    "You agree to send all changes to the author.",
    "Free for personal use.", "Not for use in life support.", "Companies are not granted any rights.",
]


@pytest.mark.parametrize("text", [MIT, BSD2, BSD3, BSD4, ISC, CMU])
@pytest.mark.parametrize("added", ADDED)
def test_terms_added_to_a_permissive_licence_leave_no_answer(text: str, added: str) -> None:
    assert detect(text) is not None
    assert detect(f"{text}\n\n{added}") is None and detect(f"{added}\n\n{text}") is None


def test_of_several_licences_the_known_ones_are_told() -> None:
    assert detect(f"{MIT}\n{ISC}\nPart x: for academic use only.") == "MIT AND ISC AND LicenseRef-Other-Terms"


def test_copyleft_needs_no_reading_through() -> None:
    assert detect(f"{GPL2_OR_LATER} You must publish your changes.") == "GPL-2.0-or-later"


@pytest.mark.parametrize("beside", [
    "Copyright 2020 Someone. All rights reserved.", "Unless otherwise noted, all files are under this licence:",
    "Licensed under the Apache License, Version 2.0; you may not use this file except in compliance with the License.",
])
def test_what_usually_stands_beside_a_licence_is_no_term(beside: str) -> None:
    assert (detect(f"{beside}\n{MIT}") or "").endswith("MIT")
