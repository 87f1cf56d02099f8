"""Which failed fetches are tried again: those that a later try may find gone."""

from email.message import Message
from urllib.error import HTTPError, URLError

import pytest

from maslin.flows.tracking.fetching import may_pass
from maslin.manifests.errors import UsageError


def caused_by(cause: BaseException | None) -> UsageError:
    error = UsageError("it cannot be fetched")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(("cause", "passes"), [
    *((HTTPError("http://x", code, "", Message(), None), code in (408, 425, 429, 500, 503))
      for code in (400, 403, 404, 408, 410, 425, 429, 500, 503)),
    (URLError("refused"), True), (TimeoutError(), True), (ConnectionResetError(), True), (ImportError(), False),
    (ValueError("no address"), False), (None, False)], ids=repr)
def test_what_may_pass(cause, passes):
    assert may_pass(caused_by(cause)) is passes
