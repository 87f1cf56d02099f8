"""Token shards → batches: which documents, in which order, packed how, with which objective."""
