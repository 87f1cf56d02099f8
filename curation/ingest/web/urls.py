"""URLs as identity: spellings of one address give one string; nothing more is made equal than RFC 3986 allows."""

import re

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.DOTALL)
_DEFAULT_PORTS = {"http": ":80", "https": ":443", "ftp": ":21"}
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_TO_ESCAPE = re.compile(r"[^!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]|%(?![0-9A-Fa-f]{2})")
_CLEAN = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9.-]+(?:/[A-Za-z0-9\-._~!$&'()*+,;=:@/?]*)\Z")


def without_brackets(uri: str) -> str:
    """The target URI without the angle brackets and spaces some crawlers put around it."""
    uri = uri.strip()
    return uri[1:-1].strip() if uri.startswith("<") and uri.endswith(">") else uri


def normalised(uri: str) -> str:
    """Scheme and host in lower case, default port and fragment removed, percent-encoding unified (RFC 3986, 6.2.2).

    The path's case, dot segments, trailing slashes and the query's order stay: they may name different pages. What is
    not a hierarchical URL (`urn:`, `dns:`) comes back as it is.
    """
    if _CLEAN.match(uri):  # nearly every URL: nothing to do
        scheme, _, rest = uri.partition("://")
        if ":" not in rest.partition("/")[0]:
            return uri
    found = _URL.fullmatch(uri)
    if not found:
        return uri
    scheme, authority, path, query = found[1].lower(), found[2], found[3], found[4] or ""
    user, at, host = authority.rpartition("@")
    host = host.lower().removesuffix(_DEFAULT_PORTS.get(scheme, ":")).removesuffix(":")
    return f"{scheme}://{user}{at}{host}" + _unified(path or "/") + _unified(query)


def _unified(part: str) -> str:
    """Unreserved characters unescaped, all others that need it escaped as UTF-8, in capitals."""
    return _ESCAPE.sub(_unescape, _TO_ESCAPE.sub(_escape, part))


def _escape(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))


def _unescape(found: re.Match[str]) -> str:
    byte = int(found[0][1:], 16)
    return chr(byte) if byte in _UNRESERVED else found[0].upper()
