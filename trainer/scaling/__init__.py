"""Scaling laws: those published, and the fit of a ladder of one's own runs."""
