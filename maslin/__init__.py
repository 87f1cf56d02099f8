"""Maslin: raw crawls, code and encyclopaedia dumps into corpora, mixtures, trained models and verdicts."""
