"""Settings of all tests."""

import pytest
from hypothesis import settings

from maslin.flows.engine.kernel_cache import drop_stale_kernels

# Timings say nothing here: kernels compile at their first call, and machines are shared.
settings.register_profile("maslin", deadline=None, derandomize=True)
settings.load_profile("maslin")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # once, before workers begin
        drop_stale_kernels()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes do not belong in the names of tests: compressed ones hold the time of day."""
    return f"{len(val)}_bytes" if isinstance(val, bytes) else None
