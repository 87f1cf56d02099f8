"""Raw inputs → documents: readers of WARC, Wikipedia, code and JSON Lines, and the builder that runs them."""
