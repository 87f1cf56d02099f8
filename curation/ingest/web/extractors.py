"""Who finds the text of a page: we, another library, or the user's own function; or several, of which one is kept."""

from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from maslin.manifests.errors import UsageError
from maslin.manifests.own_code import OwnCode, read_own_code

if TYPE_CHECKING:
    from maslin.curation.ingest.html.page import Page
    from maslin.manifests.recipe.typed_yaml import Node


@dataclass(frozen=True)
class Builtin:
    """An extractor of a name: (html, url) -> the page, or its text, or None for none.

    `where`: `module:function`, imported when the first page is read. `libraries`: whose versions decide what it finds.
    `extra`: the package to install for it, and what `maslin[…]` calls it.
    """

    where: str
    libraries: tuple[str, ...] = ()
    extra: str | None = None


EXTRACTORS = {
    "maslin": Builtin("maslin.curation.ingest.html.page:read_page"),
    "resiliparse": Builtin("maslin.curation.ingest.web.peers:by_resiliparse", ("resiliparse",)),
    "trafilatura": Builtin(
        "maslin.curation.ingest.web.peers:by_trafilatura", ("trafilatura", "justext", "lxml"), "trafilatura"),
}
OWN_EXTRACTORS = "maslin.extractors"  # the group of entry points by which installed packages offer theirs
MOST = 16  # extractors of a source: each has a digit of a document's id


class ExtractorError(Exception):
    """An extractor did not answer for a page; the message says where and why."""


@dataclass(frozen=True)
class Extractor:
    """The option `extractor`: one by name, or the user's `code`, whose name `name` then is."""

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

    @property
    def libraries(self) -> tuple[str, ...]:
        return () if self.code else EXTRACTORS[self.name].libraries

    @property
    def extra(self) -> str | None:
        return None if self.code else EXTRACTORS[self.name].extra

    def to_json(self) -> Any:
        return self.name if self.code is None else {"name": self.name, "code": self.code.digest}

    def read_page(self, html: str, url: str) -> "Page":
        """The text of a page and what it says of itself. Raises ExtractorError; where ours fails, that is a bug."""
        from maslin.curation.ingest.html.page import Page, read_metas

        if self.code is None:
            module, function = EXTRACTORS[self.name].where.split(":")
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


@dataclass(frozen=True)
class Extractors:
    """The option `extractors`: each gives its text of a page, and a corpus keeps the first that its steps keep."""

    each: tuple[Extractor, ...] = ()

    @classmethod
    def from_yaml(cls, node: "Node") -> "Extractors":
        from maslin.manifests.recipe.faults import BROKEN, is_whole  # here: workers read no recipe

        each = tuple(node.faults.attempt(partial(Extractor.from_yaml, item)) for item in node.items())
        if not 2 <= len(each) <= MOST:
            node.fail(f"name 2 to {MOST} extractors, the one you prefer first; for one there is `extractor`")
        names = [extractor.name for extractor in each if is_whole(extractor)]
        if again := [name for name in names if names.count(name) > 1]:
            node.fail(f"`{again[0]}` stands twice")
        return cls(each) if is_whole(each) else BROKEN

    def to_json(self) -> Any:
        return [extractor.to_json() for extractor in self.each]


ONE_ALONE = Extractors()
