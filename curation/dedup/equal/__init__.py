"""Documents equal by a key (text, normalised text, URL), and those of new crawls held against earlier corpora."""
