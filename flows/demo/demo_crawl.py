"""A small, true HTTP crawl over loopback, recorded request by response into a WARC file, as a crawler would.

The sites are folders of files held in memory, served under host names of the reserved top-level domain `.test`
(RFC 2606) by one server that tells them apart by the `Host` header. The crawler starts at each site's start pages,
follows links and style sheets to the same sites, breadth first and one site after the other in turn, and writes the
bytes that came over the connection. The server is a daemon thread: it cannot outlive the process that started it.
"""

import contextlib
import io
import mimetypes
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParser, StatusAndHeadersParserException
from warcio.warcwriter import WARCWriter

from maslin.manifests.files import atomic_path

LOOPBACK = "127.0.0.1"
PAGE_SECONDS = 20.0  # for one answer, from connecting to its last byte
MAX_RESPONSE_BYTES = 8 << 20
_USER_AGENT = "maslin-demo (loopback only)"


@dataclass(frozen=True)
class Site:
    """A site: its host name, its files by URL path (`/ref/draw.html`), and the paths a crawl starts from."""

    host: str
    files: Mapping[str, bytes]
    starts: tuple[str, ...]


@dataclass(frozen=True)
class Crawl:
    """What a crawl did: answers recorded, HTML pages with status 200 among them, and requests that got no answer."""

    responses: int
    pages: int
    failed: int


class _Handler(BaseHTTPRequestHandler):
    server_version = "maslin-demo"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = PAGE_SECONDS

    def do_GET(self) -> None:
        sites: Mapping[str, Mapping[str, bytes]] = self.server.sites  # type: ignore[attr-defined]
        path = unquote(urlsplit(self.path).path)
        files = sites.get((self.headers.get("Host") or "").partition(":")[0], {})
        if path.endswith("/"):
            path += "index.html"
        body = files.get(path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", mimetypes.guess_type(path)[0] or "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the WARC is the log."""


@contextlib.contextmanager
def serve(sites: Sequence[Site]) -> Iterator[int]:
    """Serve the sites on a free port of the loopback address, for the time of the `with` block; gives the port."""
    server = ThreadingHTTPServer((LOOPBACK, 0), _Handler)
    server.daemon_threads = True
    server.sites = {site.host: site.files for site in sites}  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def crawl(
    sites: Sequence[Site], target: Path, site_responses: int, progress: Callable[[str], None] | None = None
) -> Crawl:
    """Serve and crawl the sites into the WARC file `target`, at most so many requests a site. Written atomically."""
    with serve(sites) as port, atomic_path(target) as temporary, open(temporary, "wb") as sink:
        writer = WARCWriter(sink, gzip=True, warc_version="WARC/1.1")
        writer.write_record(writer.create_warcinfo_record(target.name, {
            "software": _USER_AGENT, "format": "WARC File Format 1.1", "robots": "none",
            "description": "documentation sites served and crawled over loopback",
        }))
        return _crawl(sites, port, writer, site_responses, progress)


def _crawl(
    sites: Sequence[Site], port: int, writer: WARCWriter, site_responses: int,
    progress: Callable[[str], None] | None,
) -> Crawl:
    queues = {site.host: deque(f"http://{site.host}{path}" for path in site.starts) for site in sites}
    seen = {url for queue in queues.values() for url in queue}
    responses = pages = failed = 0
    for _ in range(site_responses):
        for queue in queues.values():
            if not queue:
                continue
            url = queue.popleft()
            try:
                headers, body = _fetch(url, port, writer)
            except (OSError, StatusAndHeadersParserException, EOFError):
                failed += 1  # no answer in time, too long a one, or not HTTP: a crawler goes on
                continue
            responses += 1
            kind = headers.get_header("Content-Type") or ""
            if headers.get_statuscode() != "200" or not kind.startswith("text/html"):
                continue
            pages += 1
            if progress and pages % 20 == 0:
                progress(f"web: {pages} pages crawled")
            for link in _links(url, body):
                if link not in seen and urlsplit(link).hostname in queues:
                    seen.add(link)
                    queues[urlsplit(link).hostname].append(link)
    return Crawl(responses, pages, failed)


def _fetch(url: str, port: int, writer: WARCWriter) -> tuple[StatusAndHeaders, bytes]:
    """Ask for a URL over a connection of its own and record both sides. Returns the answer's headers and body."""
    parts = urlsplit(url)
    asked = [("Host", parts.netloc), ("User-Agent", _USER_AGENT), ("Accept", "*/*"), ("Connection", "close")]
    question = StatusAndHeaders(f"GET {parts.path} HTTP/1.1", asked, is_http_request=True)
    answer = _exchange(port, question.to_bytes())
    stream = io.BytesIO(answer)
    headers = StatusAndHeadersParser(["HTTP/1.0", "HTTP/1.1"]).parse(stream)
    body = answer[stream.tell():]
    address = {"WARC-IP-Address": LOOPBACK}
    response = writer.create_warc_record(
        url, "response", payload=stream, http_headers=headers, warc_headers_dict=dict(address))
    request = writer.create_warc_record(url, "request", http_headers=question, warc_headers_dict=dict(address))
    writer.write_request_response_pair(request, response)
    return headers, body


def _exchange(port: int, question: bytes) -> bytes:
    """Send bytes, read to the end of the connection. Raises OSError for an answer too late or too long."""
    deadline = time.monotonic() + PAGE_SECONDS
    answer = bytearray()
    with socket.create_connection((LOOPBACK, port), timeout=PAGE_SECONDS) as connection:
        connection.sendall(question)
        while block := connection.recv(1 << 16):
            answer += block
            if len(answer) > MAX_RESPONSE_BYTES or time.monotonic() > deadline:
                raise OSError("answer too long or too late")
    return bytes(answer)


class _LinkParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        if tag == "a" or (tag == "link" and "stylesheet" in (named.get("rel") or "")):
            self.found.append(named.get("href") or "")


def _links(url: str, body: bytes) -> Iterator[str]:
    """The http links and style sheets of a page, absolute, without fragment and query."""
    parser = _LinkParser()
    parser.feed(body.decode("utf-8", "replace"))
    for href in parser.found:
        try:
            absolute = urlsplit(urldefrag(urljoin(url, href)).url)
        except ValueError:  # a malformed host in brackets: nothing to follow
            continue
        if absolute.scheme == "http" and href:
            yield absolute._replace(query="", path=absolute.path or "/").geturl()
