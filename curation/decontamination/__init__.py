"""Evaluation sets: their items read, and looked for in what is trained on."""
