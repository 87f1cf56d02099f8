"""The front page of a package: its own README as HTML, as a package index shows it."""

import email
import html
import zipfile
from pathlib import Path

from markdown_it import MarkdownIt

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{name} {version}</title></head>
<body>
<header><nav><a href="/">{name}</a></nav></header>
<main><article>
{readme}</article></main>
<footer>{name} {version}. Licence: {licence}</footer>
</body>
</html>
"""


def project_page(wheel: Path) -> bytes | None:
    """The page of the package in a wheel, in UTF-8; None where its README is not Markdown.

    Markup that the README has as HTML stays, as it does on an index.
    """
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    if not (metadata["Description-Content-Type"] or "").startswith("text/markdown"):
        return None
    readme = metadata.get_payload(decode=True).decode("utf-8", "replace")
    shown = {key: html.escape(metadata[header] or "not stated") for key, header in (
        ("name", "Name"), ("version", "Version"), ("licence", "License-Expression"))}
    return _PAGE.format(**shown, readme=MarkdownIt("gfm-like", {"linkify": False}).render(readme)).encode()
