"""The report of a comparison: one self-contained HTML file, and the same figures as JSON beside it."""

from trainer.report.build import build_report

__all__ = ["build_report"]
