"""Prefect flows and the `maslin` command: what runs, in what order, on which engine."""
