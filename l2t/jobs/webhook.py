"""Telling somebody else's service what happened: a JSON POST that never holds up or hurts the work.

The address may hold credentials: nothing but its scheme and host is ever written, and no error's own text is.
"""

import base64
import json
import queue
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from l2t.errors import UsageError

TIMEOUT = 10.0
"""Seconds to wait for the other side."""
WAITING = 100
"""Messages that wait for it; later ones are dropped."""


class Event(StrEnum):
    """What is told."""

    SWEEP_DONE = "sweep-done"
    """No run of a sweep is left to do."""
    RUN_FAILED = "run-failed"
    """A run failed for good, for another reason than divergence."""
    RUN_DIVERGED = "run-diverged"


@dataclass(frozen=True)
class Address:
    """Where to: an http or https URL without its credentials, and these."""

    url: str = field(repr=False)
    authorization: str | None = field(repr=False)
    """Value of the header, from a user name and password in the URL."""
    shown: str
    """Scheme and host: what may be written."""


def read_address(url: str) -> Address:
    """Raises UsageError, which never quotes the URL, where it is no address for a webhook."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        ascii_host = host.encode("idna").decode("ascii")
        plain = url.isascii() and url.isprintable() and " " not in url
    except (ValueError, UnicodeError):
        raise UsageError("the webhook's address cannot be read. Write https://host/path") from None
    if parts.scheme not in ("http", "https") or not host or not plain:
        raise UsageError("the webhook's address is no http or https URL. Write https://host/path, a blank as %20")
    if "@" in url.partition(parts.netloc)[2]:  # a password with / or ? in it would make its beginning the host
        raise UsageError("the webhook's address has an @ after its host. Write it as %40, a / in a password as %2F")
    where = f"[{ascii_host}]" if ":" in ascii_host else ascii_host
    authorization = None
    if "@" in parts.netloc:
        credentials = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        authorization = f"Basic {base64.b64encode(credentials.encode()).decode()}"
    netloc = where if port is None else f"{where}:{port}"
    plain_url = urlunsplit(SplitResult(parts.scheme, netloc, parts.path or "/", parts.query, ""))
    return Address(plain_url, authorization, f"{parts.scheme}://{where}")


class Webhook:
    """Sends events to one address, in order, in a thread of its own.

    url: raises UsageError as `read_address`. log: takes one line for each message that did not arrive; called in that
    thread. on: the events that are sent; others are passed over.
    """

    def __init__(self, url: str, log: Callable[[str], None], on: Collection[str] = tuple(Event)) -> None:
        self._address = read_address(url)
        self._log = log
        self._on = frozenset(on)
        self._queue: queue.Queue[tuple[str, bytes] | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None

    def send(self, event: str, body: dict[str, Any]) -> None:
        """Post {"event": event, …body} soon. Returns at once, and never raises."""
        if event not in self._on:
            return
        try:
            self._queue.put_nowait((event, json.dumps({"event": event} | body, default=str).encode()))
        except (TypeError, ValueError, queue.Full) as error:
            self._say(event, "too many messages wait" if isinstance(error, queue.Full) else "it is no JSON")
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="webhook", daemon=True)
            self._thread.start()

    def close(self, seconds: float) -> None:
        """Wait so long for what is still to be sent, and give the rest up."""
        if self._thread is None:
            return
        deadline = time.monotonic() + seconds
        try:
            self._queue.put(None, timeout=seconds)
            self._thread.join(max(0.0, deadline - time.monotonic()))
        except queue.Full:
            pass
        if self._thread.is_alive():
            self._log(
                f"webhook to {self._address.shown}: gave up, {self._queue.qsize()} messages or more were not sent"
            )

    def _work(self) -> None:
        while (message := self._queue.get()) is not None:
            event, body = message
            try:
                problem = _post(self._address, body)
            except Exception as error:  # whatever its text says, it may quote the address
                problem = _words(error)
            if problem is not None:
                self._say(event, problem)

    def _say(self, event: str, problem: str) -> None:
        self._log(f"webhook to {self._address.shown}: {event} was not delivered: {problem}")


def _post(address: Address, body: bytes) -> str | None:
    """Send; returns what is wrong with the answer. Redirects are not followed: the message is for this host alone."""
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *whatever: Any) -> None:
            return None

    headers = {"Content-Type": "application/json", "User-Agent": "l2t"}
    if address.authorization is not None:
        headers["Authorization"] = address.authorization
    try:
        with build_opener(Stay).open(Request(address.url, body, headers, method="POST"), timeout=TIMEOUT):
            return None
    except HTTPError as error:
        with error:
            return f"the answer was HTTP {error.code}"


def _words(error: BaseException) -> str:
    """What went wrong, without any text that the other side or the address had a part in."""
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return f"no answer within {TIMEOUT:g} s"
    if isinstance(reason, OSError) and reason.errno is not None and reason.strerror:
        return reason.strerror
    return type(reason).__name__
