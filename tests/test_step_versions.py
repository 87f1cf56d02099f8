"""A step's version is raised when its code changes: else old directories would pass for new ones."""

from manifests.steps import STEPS, VERSIONS
from tests import step_versions


def test_every_step_is_watched():
    assert set(step_versions.ENTRIES) == set(STEPS) | set(VERSIONS)


def test_code_and_versions_change_together():
    assert step_versions.unrecorded_steps() == [], (
        "the code of these steps changed: raise their version in manifests/steps.py if what they write may differ, "
        "then run `python -m tests.step_versions` (with --same-bytes if it cannot differ)")


def test_changed_code_without_a_new_version_is_noticed(monkeypatch):
    monkeypatch.setattr(step_versions, "code_digest", lambda step: "changed")
    assert step_versions.recorded()
    assert step_versions.stale_steps() == list(step_versions.recorded())
