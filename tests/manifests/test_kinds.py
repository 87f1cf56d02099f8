"""The versions of libraries in the identity."""

from importlib import metadata

import pytest

from maslin.manifests.kinds import KINDS, UNICODE, versions

LIBRARIES = sorted({name for kind in KINDS.values() for name in kind.libraries if name != UNICODE})


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_names_of_folders_tell_the_version_that_the_package_tells(name):
    assert versions([name]) == {name: metadata.version(name)}


def test_what_is_not_installed_is_absent():
    assert versions(["no-such-package"]) == {"no-such-package": "absent"}
