"""The contracts between curation, trainer and flows: recipes, manifests, tables, storage."""
