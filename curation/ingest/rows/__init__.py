"""Readers of rows that hold a text: JSON Lines, Parquet, conversations."""
