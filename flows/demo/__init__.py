"""`maslin demo`: real inputs, fetched and crawled, and the job that runs on them."""
