"""Asking servers for files as a guest: by name, at a stated rate, with growing waits, and within bounds.

Nothing is sent that says who asks but `User-Agent`: no cookies, no credentials. An answer is followed to another
address five times at most, never from https to http, and never from a host of the open net into one that is not.
"""

import http.client
import ipaddress
import socket
import ssl
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import maslin
from maslin.manifests.identity import hash_unit
from maslin.manifests.remote.addresses import HTTP_SCHEMES
from maslin.manifests.remote.pace import Pace

TRIES = 8  # of one request, and of a download that does not get on
FIRST_WAIT_SECONDS, MOST_WAIT_SECONDS, MOST_ASKED_SECONDS = 1.0, 60.0, 300.0
TIMEOUT_SECONDS = 60.0
MOST_REDIRECTS = 5
BUSY = (403, 408, 425, 429, 500, 502, 503, 504)  # Common Crawl answers 403 and 503 to who asks too often
SLOW_DOWN = (403, 429, 503)
BROKEN_OFF = (OSError, http.client.HTTPException)  # a name that is not known, a refusal, a cut, a timeout
_REDIRECTS = (301, 302, 303, 307, 308)

T = TypeVar("T")


class NotHad(Exception):
    """What was asked for cannot be had: `cause` in two or three words, `detail` in a sentence."""

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(cause, detail)
        self.cause, self.detail = cause, detail

    def __str__(self) -> str:
        return self.detail


class Again(Exception):
    """What may be had when it is asked for again. `status`: the server's, `after_seconds`: when it says to come."""

    def __init__(self, cause: str, status: int = 0, after_seconds: float = 0.0) -> None:
        super().__init__(cause)
        self.cause, self.status, self.after_seconds = cause, status, after_seconds


class Client:
    """Asks at a pace, over one connection that is kept as long as the server and the host stay the same."""

    def __init__(self, pace: Pace, contact: str | None = None, tries: int = TRIES) -> None:
        """`contact`: an address or mailbox at which a server's keeper finds who asks."""
        self._pace, self.tries = pace, tries
        self._agent = f"maslin/{maslin.__version__} ({contact or 'corpus curation'})"
        self._connection: http.client.HTTPConnection | None = None
        self._host: tuple[str, str] | None = None
        self._answer: http.client.HTTPResponse | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._answer = self._host = None

    def ask(self, url: str, headers: dict[str, str], method: str = "GET") -> http.client.HTTPResponse:
        """The answer of status 200, 206 or 416 that `url` leads to. Raises Again, or NotHad for what stays so."""
        start = url
        for _ in range(MOST_REDIRECTS + 1):
            self._pace.wait()
            try:
                answer = self._sent(url, headers, method)
            except BROKEN_OFF as error:
                self.close()
                raise Again(f"{type(error).__name__}: {error}") from error
            self._answer = answer
            if answer.status in _REDIRECTS:
                url = _checked_redirect(start, url, answer.headers.get("Location"))
                self.close()
            elif answer.status in (200, 206, 416):
                return answer
            else:
                self.close()
                if answer.status in BUSY:
                    raise Again(f"HTTP {answer.status}", answer.status, _seconds(answer.headers.get("Retry-After")))
                raise NotHad(f"HTTP {answer.status}", f"{start}: the server answers {answer.status} {answer.reason}")
        raise NotHad("redirects", f"{start}: more than {MOST_REDIRECTS} redirects")

    def wait_after(self, refused: Again, url: str, number: int) -> None:
        """Wait before try `number` (from 1); where the server is overrun, all who keep this pace wait."""
        seconds = wait_seconds(url, number, refused.after_seconds)
        if refused.status in SLOW_DOWN:
            self._pace.pause(seconds)
        else:
            time.sleep(seconds)

    def tried(self, url: str, ask: Callable[[], T]) -> T:
        """What `ask` gives, which is asked again where it raises Again. Raises NotHad when it does so to the end."""
        for number in range(1, self.tries + 1):
            try:
                return ask()
            except Again as refused:
                self.close()
                if number == self.tries:
                    raise NotHad(refused.cause, f"{url}: {refused.cause}, {number} times") from refused
                self.wait_after(refused, url, number)
        raise AssertionError("unreachable")

    def length(self, url: str) -> int | None:
        """The bytes that the server says a file has; None where it does not say. Raises NotHad."""

        def ask() -> int | None:
            answer = self.ask(url, {}, "HEAD")
            answer.read()
            return _number(answer.headers.get("Content-Length"))

        return self.tried(url, ask)

    def part(self, url: str, start: int, end: int) -> bytes:
        """Bytes [start, end) of a file; fewer where it ends before. Raises NotHad."""

        def ask() -> bytes:
            answer = self.ask(url, {"Range": f"bytes={start}-{end - 1}"})
            if answer.status == 416:
                raise NotHad("beyond the end", f"{url}: ends before byte {start:,}")
            if answer.status != 206 or range_of(answer)[0] != start:
                raise NotHad("no ranges", f"{url}: the server gives no parts of files")
            wanted = min(end, range_of(answer)[1] + 1) - start
            data = _read(answer, wanted)
            if len(data) < wanted:
                raise Again(f"cut off after {len(data):,} of {wanted:,} bytes")
            answer.read(1)  # nothing is left: the connection can be used again
            return data

        return self.tried(url, ask)

    def _sent(self, url: str, headers: dict[str, str], method: str) -> http.client.HTTPResponse:
        parts = urlsplit(url)
        host = (parts.scheme, parts.netloc)
        was_used = self._host == host and self._answer is not None and self._answer.isclosed()
        if not was_used:
            self.close()
            self._connection, self._host = _connection(parts.scheme, parts.netloc), host
        target = parts.path or "/"
        target += f"?{parts.query}" if parts.query else ""
        sent = {"User-Agent": self._agent, "Accept-Encoding": "identity", "Accept": "*/*", **headers}
        assert self._connection is not None
        try:
            self._connection.request(method, target, headers=sent)
            return self._connection.getresponse()
        except BROKEN_OFF:
            if not was_used:
                raise
        self.close()  # the server had closed it meanwhile
        return self._sent(url, headers, method)


def wait_seconds(url: str, number: int, asked_seconds: float = 0.0) -> float:
    """How long to wait before try `number`: twice as long each time, a half more or less by the hash of the two."""
    grown = min(MOST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (number - 1))
    return max(grown * (0.5 + hash_unit(number, url)), min(asked_seconds, MOST_ASKED_SECONDS))


def range_of(answer: http.client.HTTPResponse) -> tuple[int, int, int | None]:
    """(first byte, last byte, bytes of the whole) of an answer of status 206. Raises NotHad for one that says none."""
    said = answer.headers.get("Content-Range", "")
    unit, _, rest = said.partition(" ")
    place, _, total = rest.partition("/")
    first, last = (_number(each) for each in [*place.split("-"), ""][:2])
    if unit != "bytes" or first is None or last is None or last < first:
        raise NotHad("bad range", f"the server says `Content-Range: {said[:80]}`")
    return first, last, _number(total)


def _read(answer: http.client.HTTPResponse, size: int) -> bytes:
    parts, held = [], 0
    try:
        while held < size and (part := answer.read1(size - held)):
            parts.append(part)
            held += len(part)
    except BROKEN_OFF as error:
        raise Again(f"{type(error).__name__}: {error}") from error
    return b"".join(parts)


def _connection(scheme: str, netloc: str) -> http.client.HTTPConnection:
    """A connection to a host, through the system's proxy where there is one."""
    host, port = _host_and_port(netloc)
    proxy = None
    if not _is_inside(host):
        proxies = urllib.request.getproxies()
        if scheme == "https" and scheme in proxies and not urllib.request.proxy_bypass(host):
            proxy = urlsplit(proxies[scheme])
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    if proxy is None or not proxy.hostname:
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=_trust())
    made = http.client.HTTPSConnection(proxy.hostname, proxy.port, timeout=TIMEOUT_SECONDS, context=_trust())
    made.set_tunnel(host, port)
    return made


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _host_and_port(netloc: str) -> tuple[str, int | None]:
    parts = urlsplit(f"//{netloc}")
    return parts.hostname or "", parts.port


def _checked_redirect(start: str, url: str, location: str | None) -> str:
    if not location:
        raise NotHad("bad redirect", f"{start}: a redirect that does not say whereto")
    before = urlsplit(url)
    try:
        target = urljoin(url, location)
        after = urlsplit(target)
        host, _ = _host_and_port(after.netloc)
    except ValueError:  # a port or an IPv6 address that is none
        raise NotHad("bad redirect", f"{start}: a redirect to {location[:200]!r} is not followed") from None
    if after.scheme not in HTTP_SCHEMES or not host or (before.scheme == "https" and after.scheme != "https"):
        raise NotHad("bad redirect", f"{start}: a redirect to {target[:200]!r} is not followed")
    if _is_inside(host) and not _is_inside(_host_and_port(before.netloc)[0]):
        raise NotHad("bad redirect", f"{start}: a redirect from outside to {host}, which is inside, is not followed")
    return target


def _is_inside(host: str) -> bool:
    """Whether a host is this machine, or of a net that is not open: by all addresses that it has."""
    found = [host]
    with suppress(OSError, UnicodeError):
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, None)]
    for each in found:
        with suppress(ValueError):
            if not ipaddress.ip_address(each.partition("%")[0]).is_global:
                return True
    return False


def _number(said: str | None) -> int | None:
    return int(said) if said and said.isascii() and said.isdigit() and len(said) < 19 else None


def _seconds(said: str | None) -> float:
    return float(_number(said) or 0)
