"""Whether Prefect's API can be reached, asked before Prefect is imported: it would try for minutes and say nothing."""

import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from maslin.manifests.errors import UsageError

ANSWER_SECONDS = 120.0  # a server that is reached and slow is waited for so long
_SAY_SECONDS = 5.0


def check_api(address: str, say: Callable[[str], None], patience_s: float = ANSWER_SECONDS) -> None:
    """Wait until the API answers, whatever it answers, and say so when that takes a while.

    Raises UsageError when nobody is there, or there is no answer in `patience_s`.
    """
    started = time.monotonic()
    patience = min(_SAY_SECONDS, patience_s)
    while True:
        try:
            urllib.request.urlopen(f"{_public(address).rstrip('/')}/health", timeout=patience).close()
            return
        except urllib.error.HTTPError as error:
            if error.code < 500:  # it is for Prefect to show its key
                return
            raise refused(address, f"it answers {error.code} {error.reason}") from error
        except (TimeoutError, urllib.error.URLError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ssl.SSLError):  # Prefect has certificates and settings of its own
                return
            left = patience_s - (time.monotonic() - started)
            if not isinstance(reason, TimeoutError):
                raise refused(address, str(getattr(reason, "strerror", None) or reason)) from error
            if left <= 0:
                raise refused(address, f"no answer in {patience_s:.0f} s") from error
            if patience < patience_s:
                say(f"waiting for Prefect's API at {_public(address)} (PREFECT_API_URL), {left:.0f} s at most")
            patience = left
        except (OSError, ValueError) as error:  # gone in the middle of an answer; no address at all
            raise refused(address, str(error)) from error


def refused(address: str, why: str) -> UsageError:
    """The sentence for an API that was asked for by its address."""
    return UsageError(
        f"Prefect's API at {_public(address)}, which PREFECT_API_URL asks for, cannot be used: {why}. Start it or mend "
        "the address; or unset PREFECT_API_URL, or give --prefect off, to do without it.")


def unavailable(why: str) -> UsageError:
    """The sentence for an API of our own that cannot be had."""
    return UsageError(f"Prefect is not to be had ({why}). --prefect off does without it.")


def _public(address: str) -> str:
    return re.sub("//[^/@]*@", "//", address)  # without a password


def why_no_loopback() -> str | None:
    """Why an API of our own could not be reached here; None: it could."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()[:2], timeout=5).close()
    except OSError as error:
        return f"no loopback network here, over which its API is reached: {error.strerror or error}"
    return None
