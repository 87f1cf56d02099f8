"""Where files elsewhere lie: addresses over HTTP, buckets of S3 that anybody may read, or folders here."""

from pathlib import Path
from urllib.parse import quote, urlsplit

HTTP_SCHEMES = ("http", "https")
_S3 = "https://{}.s3.amazonaws.com/{}"
_S3_BY_PATH = "https://s3.amazonaws.com/{}/{}"  # certificates name no bucket with a dot


def is_elsewhere(base: str) -> bool:
    """Whether a base is an address, and no folder."""
    return urlsplit(base).scheme in (*HTTP_SCHEMES, "s3")


def wrong_base(base: str) -> str | None:
    """What is wrong with a base address; None: nothing. A name and a password in one would be sent along."""
    parts = urlsplit(base)
    try:
        bad = not parts.hostname or parts.port == 0
    except ValueError:  # a port that is no number
        bad = True
    if bad:
        return "no address: write https://HOST/, s3://BUCKET/ or a folder"
    if parts.username is not None or parts.password is not None:
        return "an address with a name or password in it: files are asked for as anybody may"
    if parts.query or parts.fragment:
        return "an address to which paths are added: write it without `?` and `#`"
    return None


def joined(base: str, path: str) -> str | Path:
    """The address, or the place here, of a path below a base. s3://BUCKET/… is what S3 answers anybody over HTTPS."""
    if not is_elsewhere(base):
        return Path(base) / path
    if base.startswith("s3:"):
        parts = urlsplit(base)
        pattern = _S3_BY_PATH if "." in parts.netloc else _S3
        base = pattern.format(parts.netloc, parts.path.strip("/"))
    return f"{base.rstrip('/')}/{quote(path)}"
