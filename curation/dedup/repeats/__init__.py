"""What stands more than once in a corpus: lines, spans of sentences, passages of words; all but the first can go."""
