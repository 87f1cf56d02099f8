"""Mixtures to runs, evaluations, comparisons and reports. Knows neither Prefect nor curation."""
