"""One module for each command: what it does with its arguments, and what it prints."""
