"""Recipes: typed YAML, the inputs they name, mixtures, and a model to go on from."""
