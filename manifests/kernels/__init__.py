"""Kernels: compiled by numba once, kept on disk under all that their machine code depends on, found there again."""
