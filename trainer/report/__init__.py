"""The report of a comparison: one self-contained HTML file, and the same figures as JSON beside it."""
