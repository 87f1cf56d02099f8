"""A double of a server of crawls, on loopback: real HTTP from a folder, with ranges, and with what goes wrong."""

import hashlib
import http.server
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Faults:
    """What goes wrong, by path (or all: ""): each a number of requests that it befalls, or -1 for all of them."""

    def __init__(self) -> None:
        self.refused: dict[str, tuple[int, int]] = {}  # (status, times)
        self.cut: dict[str, tuple[int, int]] = {}  # the connection after so many bytes of an answer, times
        self.says_length: dict[str, int] = {}  # in the place of the true one
        self.redirects: dict[str, str] = {}
        self.no_ranges = False
        self.no_length = False
        self.no_validator = False
        self.etag = ""
        self.retry_after: int | None = None
        self.pause_seconds = 0.0


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the folder of its server."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_HEAD(self) -> None:
        self._answer(False)

    def do_GET(self) -> None:
        self._answer(True)

    def _answer(self, with_body: bool) -> None:
        path, faults = unquote(urlsplit(self.path).path).lstrip("/"), self.server.faults
        with self.server.lock:
            self.server.asked[path] += 1
            self.server.heads.append((path, dict(self.headers)))
            refused = self._befalls(faults.refused, path)
            cut = self._befalls(faults.cut, path) if with_body else None
        time.sleep(faults.pause_seconds)
        if refused is not None:
            more = {} if faults.retry_after is None else {"Retry-After": str(faults.retry_after)}
            self._send(refused, b"<Error><Code>SlowDown</Code></Error>", more, with_body)
        elif path in faults.redirects:
            self._send(302, b"", {"Location": faults.redirects[path]}, with_body)
        elif not (file := self.server.folder / path).is_file():
            self._send(404, b"no such key", {}, with_body)
        else:
            self._send_file(file.read_bytes(), path, with_body, cut)

    def _befalls(self, table: dict[str, tuple[int, int]], path: str) -> int | None:
        for key in (path, ""):
            what, times = table.get(key, (0, 0))
            if times:
                table[key] = what, times - 1
                return what
        return None

    def _send_file(self, content: bytes, path: str, with_body: bool, cut: int | None) -> None:
        faults = self.server.faults
        etag = faults.etag or f'"{hashlib.md5(content).hexdigest()}"'
        headers = {} if faults.no_validator else {"ETag": etag}
        status, body, said = 200, content, self.headers.get("Range", "")
        same = self.headers.get("If-Range") in (None, etag)
        if said and same and not faults.no_ranges:
            first, _, last = said.removeprefix("bytes=").partition("-")
            start, end = int(first), min(int(last) + 1 if last else len(content), len(content))
            if start >= len(content):
                self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"}, with_body)
                return
            status, body = 206, content[start:end]
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
        self._send(status, body, headers, with_body, faults.says_length.get(path), cut)

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], with_body: bool, length: int | None = None,
        cut: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.server.faults.no_length and status == 200:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if with_body:
            self.server.sent += len(body if cut is None else body[:cut])
            self.wfile.write(body if cut is None else body[:cut])
        if cut is not None or length is not None:
            self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        return None


class Server(http.server.ThreadingHTTPServer):
    """`asked`: requests by path; `heads`: path and headers of each; `sent`: bytes of bodies."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.faults, self.lock = folder, Faults(), threading.Lock()
        self.asked: Counter[str] = Counter()
        self.heads: list[tuple[str, dict[str, str]]] = []
        self.sent = self.connections = 0

    def process_request(self, request, client_address) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


@contextmanager
def serving(folder: Path):
    """A server of a folder, while it is needed."""
    with Server(folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
