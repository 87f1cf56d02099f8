"""The `llama`-like decoder."""
