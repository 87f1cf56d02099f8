"""Scripts by which shells complete the command: what its parsers take, and a module a shell that says so to it."""
