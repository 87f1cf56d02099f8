"""Evaluations of runs → a verdict: scores of documents, statistics over seeds and documents, samples."""
