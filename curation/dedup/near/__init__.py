"""Near-duplicates: texts whose word shingles overlap beyond a threshold."""
