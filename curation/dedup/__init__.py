"""Duplicates of documents: equal texts, and texts whose word shingles overlap beyond a threshold."""
