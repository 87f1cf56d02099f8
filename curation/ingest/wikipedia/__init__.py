"""Wikipedia's dumps → articles: the stream of pages, templates, wikitext to text."""
