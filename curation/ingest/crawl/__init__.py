"""Crawls by name: lists of paths, the part that is taken, files and single records read as they come."""
