"""Templates whose words are part of a sentence: by subject, and by language where a wiki has its own names."""
