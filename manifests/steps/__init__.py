"""Curation steps and their rules: parameters, versions, thresholds, where each was published."""
