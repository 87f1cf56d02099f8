"""A command as a Prefect flow: whether it is one and by which server, its stages, what Prefect shows of it."""
