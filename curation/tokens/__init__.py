"""Corpora → tokens: tokenizers, token shards of ours and of others, mixtures, exports."""
