"""The text of a recipe's file; what is no such file is told for what it is."""

import stat
from pathlib import Path

from maslin.manifests.errors import RecipeError

MAX_FILE_BYTES = 4 << 20
# How files begin that people take for recipes by mistake, and what they are
_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "a gzip file"), (b"\x28\xb5\x2f\xfd", "a zstd file"), (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"), (b"PK\x03\x04", "a zip archive (or a wheel, or an office document)"),
    (b"PAR1", "a Parquet file"), (b"%PDF-", "a PDF"), (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"), (b"GIF8", "a picture (GIF)"), (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"WARC/", "a web archive (WARC)"), (b"\x80\x02", "a Python pickle"), (b"\x80\x04", "a Python pickle"),
    (b"\xff\xfe", "text in UTF-16"), (b"\xfe\xff", "text in UTF-16"),
)
_PAGES = (b"<!doctype html", b"<html")
_NO_FILES = (
    (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))


def read_text(path: Path) -> str:
    """What a recipe's file holds. Raises RecipeError for whatever is no text file in UTF-8 of a recipe's size."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise RecipeError(f"{path}: is a folder, not a recipe{_recipes_in(path)}")
        for is_of, what in _NO_FILES:
            if is_of(mode):
                raise RecipeError(f"{path}: is {what}, not a recipe: write the recipe into a file.")
        with open(path, "rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        what = f"a link to {path.readlink()}, which is not there" if path.is_symlink() else "no such file"
        raise RecipeError(f"{path}: {what}.") from error
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        raise RecipeError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}).") from error
    if what := _kind(content):
        raise RecipeError(f"{path}: is {what}, not a recipe, which is YAML: text in UTF-8.")
    if len(content) > MAX_FILE_BYTES:
        raise RecipeError(f"{path}: larger than {MAX_FILE_BYTES:,} bytes: not a recipe.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[:error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        raise RecipeError(
            f"{path}:{line}:{column}: the byte 0x{content[error.start]:02x} is not UTF-8: save the recipe as UTF-8."
        ) from error


def _kind(content: bytes) -> str | None:
    """What a file is that cannot be a recipe; None: text, for all that can be seen."""
    for magic, what in _KINDS:
        if content.startswith(magic):
            return what
    if content[:64].lstrip().lower().startswith(_PAGES):
        return "a web page"
    return "a binary file (it has NUL bytes)" if b"\x00" in content else None


def _recipes_in(folder: Path) -> str:
    """`; did you mean …?`, where a folder holds recipes."""
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))[:3]
    except OSError:
        found = []
    return f"; did you mean {' or '.join(map(str, found))}?" if found else "."
