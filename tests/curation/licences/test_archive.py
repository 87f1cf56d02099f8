"""What metadata declare: one name, a list of names, or nothing where one of them is of no known licence."""

import json

import pytest

from maslin.curation.licences.archive import metadata_licence


def of_headers(*lines: str) -> str | None:
    return metadata_licence("x-1.dist-info/METADATA", "\n".join(("Metadata-Version: 2.1", "Name: x", *lines)) + "\n")


@pytest.mark.parametrize(("said", "expected"), [
    ("MIT", "MIT"), ("BSD (3-clause)", "BSD-3-Clause"), ("Apache License, Version 2.0", "Apache-2.0"),
    ("MIT (see LICENSE)", "MIT"), ("GPL v2 or later", "GPL-2.0-or-later"), ("MIT, GPL", "MIT AND GPL-1.0-or-later"),
    ("MIT/Apache", "MIT OR Apache-2.0"), ("Dual licensed under the MIT/GPL", "MIT OR GPL-1.0-or-later"),
    ("BSD and MIT", "LicenseRef-BSD AND MIT"), ("MIT & Foo", None), ("MIT or Foo", None), ("Foo/MIT", None),
    ("SciPy license", "BSD-3-Clause"), ("the numpy license.", "BSD-3-Clause"), ("scipy and numpy", None),
    ("MIT-like", None), ("Python-2.0 style", None), ("BSD-inspired", None), ("Apache-2.0 OR proprietary", None),
])
def test_names_and_lists_of_names(said, expected):
    assert of_headers(f"License: {said}") == expected
    assert metadata_licence("a/package.json", json.dumps({"license": said})) == expected
    assert metadata_licence("a/Cargo.toml", f'[package]\nlicense = "{said}"\n') == expected


@pytest.mark.parametrize(("package", "expected"), [
    ({"licenses": [{"type": "MIT", "url": "x"}]}, "MIT"), ({"license": {"type": "MIT"}}, "MIT"),
    ({"license": ["MIT", "GPL-2.0+"]}, "MIT OR GPL-2.0-or-later"), ({"license": "UNLICENSED"}, None),
    ({"licenses": [{"type": "MIT"}, {"type": "Foo"}]}, None), ({"license": ["proprietary", "MIT"]}, None),
    ({"license": "SEE LICENSE IN LICENSE.md"}, None), ({"license": None}, None), ({"license": []}, None),
])
def test_forms_of_package_json(package, expected):
    assert metadata_licence("a/package.json", json.dumps(package)) == expected
    assert metadata_licence("a/composer.json", json.dumps(package)) == expected


MIT, OWN = "License :: OSI Approved :: MIT License", "License :: Other/Proprietary License"


@pytest.mark.parametrize(("lines", "expected"), [
    ((f"Classifier: {MIT}",), "MIT"), ((f"Classifier: {MIT}", f"Classifier: {OWN}"), None),
    (("License: MIT", f"Classifier: {OWN}"), None), (("License: Proprietary", f"Classifier: {MIT}"), None),
    (("License: see LICENSE", f"Classifier: {MIT}"), "MIT"), (("License: UNKNOWN", f"Classifier: {MIT}"), "MIT"),
    (("License: MIT", "Classifier: License :: Free for non-commercial use"), None),
    (("License-Expression: MIT AND Foo", f"Classifier: {MIT}"), None),
])
def test_what_contradicts_itself_is_no_licence(lines, expected):
    assert of_headers(*lines) == expected
    if not lines[0].startswith("License"):
        return
    said, classifiers = lines[0].partition(": ")[2], [line.partition(": ")[2] for line in lines[1:]]
    if OWN in classifiers:
        project = f'[project]\nlicense = "{said}"\nclassifiers = {json.dumps(classifiers)}\n'
        assert metadata_licence("a/pyproject.toml", project) is None
