"""WARC files → pages: records, HTTP bodies and their encodings, what robots were asked, URLs."""
