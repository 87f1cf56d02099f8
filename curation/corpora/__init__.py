"""Documents → corpora: what is held out, consecutive rules in one pass, and the corpus at the end of the way."""
