"""Other libraries' main text of a page, as published recipes ask them for it."""


def by_resiliparse(html: str, url: str) -> str:
    """As DCLM reads pages (Li et al., 2024): main content, without links, images' texts, forms and `noscript`."""
    from resiliparse.extract.html2text import extract_plain_text

    return extract_plain_text(html, main_content=True, alt_texts=False)


def by_trafilatura(html: str, url: str) -> str | None:
    """As FineWeb reads pages (Penedo et al., 2024): precision favoured, no comments. It keeps nothing between pages."""
    from trafilatura import extract

    return extract(html, url=url, favor_precision=True, include_comments=False, deduplicate=False)
