"""What decides a run, resolved: the model's shape and how it trains. Light to import: no torch here."""
