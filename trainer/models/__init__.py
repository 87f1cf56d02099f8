"""Architectures, their layers and losses, and models as files."""
