"""A file elsewhere as it comes: written to the disk as far as it is asked for, gone on with where it broke off.

What is there of it lies in `path`, and `<path>.of` says of which file: its length and validators. A later process goes
on from there, if the server says by them that the file is still the same; else it begins anew.
"""

import http.client
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from maslin.manifests.errors import DamagedError
from maslin.manifests.files import read_sealed, sealed, storage_error, write_json
from maslin.manifests.remote.client import BROKEN_OFF, Again, Client, NotHad, range_of

MOST_BYTES = 1 << 40  # of a file whose server states no length
_READ_BYTES = 256 << 10
_PROGRESS_BYTES = 1 << 20  # after so many more, what broke off before is forgotten
LEAST_BYTES_A_SECOND, SLOW_SECONDS = 1000, 60.0  # slower over so long is as good as cut off


class Download:
    """Use as a context manager; `length` is known from then on, None where the server states none.

    Entering, and `upto`, raise NotHad when it cannot be gone on with, StorageError when the disk refuses.
    """

    def __init__(self, client: Client, url: str, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._client, self._url, self.path, self._most_bytes = client, url, path, most_bytes
        self._of = path.with_name(path.name + ".of")
        self.length: int | None = None
        self.had = 0
        self._validator: str | None = None
        self._answer: http.client.HTTPResponse | None = None
        self._failed = self._had_at_failure = 0
        self._given = False  # whether somebody has read what was had
        self._over = False

    def __enter__(self) -> "Download":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "ab", buffering=0)
        with suppress(DamagedError, FileNotFoundError, KeyError):
            of = read_sealed(self._of, "It is fetched anew.")
            if of["url"] == self._url:
                self.length, self._validator = of["length"], of["validator"]
                self.had = os.fstat(self._file.fileno()).st_size
        self._over = self.length is not None and self.had == self.length
        if self._validator is None or self.length is None or self.had > self.length:
            self._begin_anew()
        try:
            while self._answer is None and not self._over:
                self._again_where_refused(self._ask)
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._file.close()
        if self._answer is not None and not self._answer.isclosed():
            self._client.close()  # the rest is not wanted

    def upto(self, end: int) -> None:
        """Have the bytes before `end` on the disk, or all where the file ends before."""
        self._given = True
        while self.had < end and not self._over:
            self._again_where_refused(self._ask if self._answer is None else self._take)

    def remove(self) -> None:
        """Leave nothing on the disk."""
        self.path.unlink(missing_ok=True)
        self._of.unlink(missing_ok=True)

    def _again_where_refused(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Again as refused:
            self._client.close()
            self._answer = None
            if self.had - self._had_at_failure >= _PROGRESS_BYTES:
                self._failed = 0
            self._failed, self._had_at_failure = self._failed + 1, self.had
            if self._failed == self._client.tries:
                of = "" if self.length is None else f" of {self.length:,}"
                raise NotHad(refused.cause, f"{self._url}: {refused.cause} at byte {self.had:,}{of}, "
                                            f"{self._failed} times") from refused
            self._client.wait_after(refused, self._url, self._failed)

    def _ask(self) -> None:
        """Ask for what is missing."""
        headers = {}
        if self.had:
            headers["Range"] = f"bytes={self.had}-"
            if self._validator is not None:
                headers["If-Range"] = self._validator
        answer = self._client.ask(self._url, headers)
        said = answer.headers.get("Content-Length", "")
        validator = _validator(answer)
        if answer.status == 206:
            first, last, total = range_of(answer)
            if self.length is None:
                self.length = total
            if not self.had or first != self.had or (self.length is not None and total not in (None, self.length)):
                if self.had and not self._given:
                    self._begin_anew()
                    raise Again("another file")
                raise NotHad("bad range", f"{self._url}: asked for from byte {self.had:,}, the server gives "
                                          f"{first:,} to {last:,} of {total}")
        elif answer.status == 416:
            if self.length is None:
                raise NotHad("bad range", f"{self._url}: the server has nothing from byte {self.had:,} on")
            if self._given:
                raise NotHad("wrong length", f"{self._url}: the server says {self.length:,} bytes and has none from "
                                             f"{self.had:,} on")
            self._begin_anew()  # what lies here is of a longer file
            raise Again("HTTP 416")
        elif not self.had:
            self._begun(int(said) if said.isascii() and said.isdigit() else None, validator)
        else:
            self._is_given_whole(answer, validator)
        self._answer, self._seconds, self._bytes = answer, 0.0, 0

    def _is_given_whole(self, answer: http.client.HTTPResponse, validator: str | None) -> None:
        """The server gives all of the file in the place of the rest: pass over what is there if it is the same."""
        said = answer.headers.get("Content-Length", "")
        is_same = validator == self._validator and said == str(self.length)
        if not is_same and self._given:
            raise NotHad("changed", f"{self._url}: the file changed while it was read")
        if not is_same:
            self._begin_anew()
            self._begun(int(said) if said.isascii() and said.isdigit() else None, validator)
            return
        left = self.had
        try:
            while left and (data := answer.read1(min(left, _READ_BYTES))):
                left -= len(data)
        except BROKEN_OFF as error:
            raise Again(f"{type(error).__name__}: {error}") from error
        if left:
            raise Again("cut off")

    def _begun(self, length: int | None, validator: str | None) -> None:
        if length is not None and length > self._most_bytes:
            raise NotHad("too large", f"{self._url}: {length:,} bytes, more than {self._most_bytes:,}")
        self.length, self._validator = length, validator
        self._over = length == 0
        if length is not None and validator is not None:  # else nobody could tell that it is still the same
            write_json(self._of, sealed({"url": self._url, "length": length, "validator": validator}))

    def _begin_anew(self) -> None:
        self._of.unlink(missing_ok=True)
        self._file.truncate(0)
        self.length = self._validator = None
        self.had, self._over = 0, False

    def _take(self) -> None:
        """Some bytes more."""
        assert self._answer is not None
        wanted = _READ_BYTES if self.length is None else min(_READ_BYTES, self.length - self.had)
        began = time.monotonic()
        try:
            data = self._answer.read1(wanted)
        except BROKEN_OFF as error:
            raise Again(f"{type(error).__name__}: {error}") from error
        self._seconds += time.monotonic() - began
        self._bytes += len(data)
        if not data and self.length is not None:
            raise Again("cut off")
        if self._seconds > SLOW_SECONDS:
            if self._bytes < LEAST_BYTES_A_SECOND * self._seconds:
                raise Again(f"slower than {LEAST_BYTES_A_SECOND:,} bytes a second")
            self._seconds, self._bytes = 0.0, 0
        try:
            view = memoryview(data)
            while view:
                view = view[self._file.write(view):]
        except OSError as error:
            raise storage_error(error, self.path) or error from error
        self.had += len(data)
        if self.had > self._most_bytes:
            raise NotHad("too large", f"{self._url}: more than {self._most_bytes:,} bytes")
        if not data:
            self.length = self.had
        self._over = self.had == self.length
        if self._over:
            with suppress(*BROKEN_OFF):
                self._answer.read1(1)  # nothing is left: the connection can be used again


def _validator(answer: http.client.HTTPResponse) -> str | None:
    """What `If-Range` takes: a strong ETag, or else the time of the last change."""
    etag = answer.headers.get("ETag", "")
    return etag if etag.startswith('"') else answer.headers.get("Last-Modified")


def fetch(client: Client, url: str, path: Path, most_bytes: int = MOST_BYTES) -> None:
    """Have all of a file at `path`, which is there only when it is whole. Raises NotHad."""
    with Download(client, url, path.with_name(path.name + ".part"), most_bytes) as download:
        download.upto(MOST_BYTES)
    os.replace(download.path, path)
    download.remove()
