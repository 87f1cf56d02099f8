"""Batches of texts and what rules ask of them: bytes, hashes, words, sentences, URLs."""
