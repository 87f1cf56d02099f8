"""Settings of all tests."""

from hypothesis import settings

# Timings say nothing here: kernels compile at their first call, and machines are shared.
settings.register_profile("maslin", deadline=None, derandomize=True)
settings.load_profile("maslin")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes do not belong in the names of tests: compressed ones hold the time of day."""
    return f"{len(val)}_bytes" if isinstance(val, bytes) else None
