"""Which failed fetches are tried again: those that a later try may find gone."""

from urllib.error import URLError

import pytest

from maslin.flows.tracking.fetching import may_pass
from maslin.manifests.errors import UsageError
from maslin.manifests.remote.client import Again, NotHad


def caused_by(cause: BaseException | None) -> UsageError:
    error = UsageError("it cannot be fetched")
    error.__cause__ = cause
    return error


def asked_in_vain() -> NotHad:
    """What the client raises when a server has been too busy as often as it asked."""
    cause = NotHad("HTTP 503", "too busy, 4 times")
    cause.__cause__ = Again("HTTP 503", 503)
    return cause


@pytest.mark.parametrize(("cause", "passes"), [
    (asked_in_vain(), True), (NotHad("HTTP 404", "not there"), False), (URLError("refused"), True),
    (TimeoutError(), True), (ConnectionResetError(), True), (ImportError(), False), (ValueError("no address"), False),
    (None, False)], ids=repr)
def test_what_may_pass(cause, passes):
    assert may_pass(caused_by(cause)) is passes
