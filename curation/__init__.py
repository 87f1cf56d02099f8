"""Raw inputs to documents, corpora, token shards and mixture manifests. Knows neither Prefect nor torch."""
