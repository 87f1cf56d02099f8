"""Who finds the text of a page: we, or the user's own function."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from maslin.manifests.errors import UsageError
from maslin.manifests.own_code import OwnCode, read_own_code

if TYPE_CHECKING:
    from maslin.curation.ingest.html.page import Page
    from maslin.manifests.recipe.typed_yaml import Node

# `module:function` each, imported when the first page is read: (html, url) -> the page, or its text, or None for none.
EXTRACTORS = {"maslin": "maslin.curation.ingest.html.page:read_page"}
OWN_EXTRACTORS = "maslin.extractors"  # the group of entry points by which installed packages offer theirs


class ExtractorError(Exception):
    """An extractor did not answer for a page; the message says where and why."""


@dataclass(frozen=True)
class Extractor:
    """The option `extractor`: one of ours by name, or the user's `code`, whose name `name` then is."""

    name: str = "maslin"
    code: OwnCode | None = None

    @classmethod
    def from_yaml(cls, node: "Node") -> "Extractor":
        """A name, or `{file: my_extractor.py, name: function}`, the file relative to the recipe."""
        from maslin.manifests.recipe.typed_yaml import convert

        if not node.is_mapping:
            return cls(convert(node, Literal[tuple(EXTRACTORS)]))  # type: ignore[valid-type]
        code = read_own_code(node, node.folder, OWN_EXTRACTORS)
        try:
            extract = code.load()
        except UsageError as error:
            node.fail(str(error))
        if not callable(extract):
            node.fail(f"`{code.name}` of {code.path} is no function of (html, url)")
        return cls(code.called, code)

    def to_json(self) -> Any:
        return self.name if self.code is None else {"name": self.name, "code": self.code.digest}

    def read_page(self, html: str, url: str) -> "Page":
        """The text of a page and what it says of itself. Raises ExtractorError; where ours fails, that is a bug."""
        from maslin.curation.ingest.html.page import Page, read_metas

        if self.code is None:
            module, function = EXTRACTORS[self.name].split(":")
            extract = getattr(import_module(module), function)
        else:
            extract = self.code.load()
        try:
            found = extract(html, url)
        except Exception as error:
            if self == MASLIN:
                raise
            place = self.code.place(error) if self.code else self.name
            raise ExtractorError(f"{place}: {type(error).__name__}: {error}") from error
        if isinstance(found, Page):
            return found
        if found is not None and not isinstance(found, str):
            raise ExtractorError(f"{self.name}: gave a {type(found).__name__}, not text or None")
        return Page((found or "").strip(), read_metas(html))


MASLIN = Extractor()
