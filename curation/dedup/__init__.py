"""Duplicates of documents: equal texts, near ones, repeated passages, what of one document another holds."""
