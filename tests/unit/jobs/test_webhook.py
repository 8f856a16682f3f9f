"""Messages to a real server on this machine, and what is said when they do not arrive."""

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from l2t.errors import UsageError
from l2t.jobs import webhook
from l2t.jobs.webhook import Event, Webhook, read_address

SECRETS = ("us3r", "pa55", "T0KEN", "k3y")


class Server(ThreadingHTTPServer):
    """Keeps what is posted, and answers with `status` once `gate` is open."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.location = ""
        self.seen: list[tuple[str, dict[str, str], Any]] = []
        self.gate = threading.Event()
        self.gate.set()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.server.gate.wait(20)
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()

    def do_GET(self) -> None:
        self.server.seen.append(("GET " + self.path, {}, None))

    def log_message(self, *whatever: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as serving:
        threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True).start()
        yield serving
        serving.gate.set()
        serving.shutdown()


@pytest.fixture(autouse=True)
def directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def hook(server: Server, lines: list[str]) -> Callable[..., Webhook]:
    """A webhook to the server, with secrets wherever an address may have them."""

    def make(port: int = server.server_port, **changes: Any) -> Webhook:
        return Webhook(f"http://us3r:pa55@127.0.0.1:{port}/T0KEN?key=k3y", lines.append, **changes)

    return make


def test_an_event_arrives_as_json_with_its_credentials(
    server: Server, hook: Callable[..., Webhook], lines: list[str]
) -> None:
    one = hook()
    one.send(Event.SWEEP_DONE, {"sweep": "s1", "runs": 3, "accuracy": 1.5})
    one.close(10)
    ((path, headers, body),) = server.seen
    assert path == "/T0KEN?key=k3y"
    assert body == {"event": "sweep-done", "sweep": "s1", "runs": 3, "accuracy": 1.5}
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"us3r:pa55").decode()
    assert headers["Content-Type"] == "application/json"
    assert headers["Host"] == f"127.0.0.1:{server.server_port}"
    assert lines == []


def test_events_arrive_in_order_and_only_those_that_are_wanted(server: Server, hook: Callable[..., Webhook]) -> None:
    one = hook(on=(Event.RUN_FAILED,))
    for number in range(5):
        one.send(Event.RUN_FAILED, {"number": number})
        one.send(Event.RUN_DIVERGED, {"number": number})
    one.close(10)
    assert [body["number"] for _, _, body in server.seen] == list(range(5))


@pytest.mark.parametrize("status", [204, 301, 302, 307, 400, 500])
def test_an_answer_other_than_success_is_one_line(
    server: Server, hook: Callable[..., Webhook], lines: list[str], status: int
) -> None:
    server.status, server.location = status, f"http://127.0.0.1:{server.server_port}/elsewhere"
    one = hook()
    one.send(Event.RUN_FAILED, {})
    one.close(10)
    assert len(server.seen) == 1, "a redirect was followed"
    failed = f"webhook to http://127.0.0.1: run-failed was not delivered: the answer was HTTP {status}"
    assert lines == ([] if status < 300 else [failed])


def test_a_failure_does_not_keep_the_next_event_back(
    server: Server, hook: Callable[..., Webhook], lines: list[str]
) -> None:
    server.status = 500
    one = hook()
    one.send(Event.RUN_FAILED, {})
    one.send(Event.RUN_FAILED, {})
    one.close(10)
    assert (len(server.seen), len(lines)) == (2, 2)


def test_a_server_that_hangs_holds_nobody_up(
    server: Server, hook: Callable[..., Webhook], lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT", 0.3)
    server.gate.clear()
    one = hook()
    began = time.monotonic()
    one.send(Event.RUN_FAILED, {})
    assert time.monotonic() - began < 0.2
    one.close(10)
    assert lines == ["webhook to http://127.0.0.1: run-failed was not delivered: no answer within 0.3 s"]


def test_what_waits_behind_a_server_that_hangs_is_bounded_and_given_up_at_the_end(
    server: Server, hook: Callable[..., Webhook], lines: list[str]
) -> None:
    server.gate.clear()
    one = hook()
    for number in range(webhook.WAITING + 5):
        one.send(Event.RUN_FAILED, {"number": number})
    assert 4 <= len(lines) <= 5
    assert lines[0] == "webhook to http://127.0.0.1: run-failed was not delivered: too many messages wait"
    began = time.monotonic()
    one.close(0.2)
    assert time.monotonic() - began < 1
    assert "gave up" in lines[-1]


def test_a_server_that_refuses_is_one_line(hook: Callable[..., Webhook], lines: list[str]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        one = hook(closed.getsockname()[1])
        one.send(Event.RUN_FAILED, {})
        one.close(10)
    assert lines == ["webhook to http://127.0.0.1: run-failed was not delivered: Connection refused"]


def test_a_server_that_speaks_nonsense_is_one_line(hook: Callable[..., Webhook], lines: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"T0KEN pa55\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        one = hook(listening.getsockname()[1])
        one.send(Event.RUN_FAILED, {})
        one.close(10)
        thread.join()
    assert lines == ["webhook to http://127.0.0.1: run-failed was not delivered: BadStatusLine"]


def test_a_host_that_is_not_there_is_one_line_without_credentials(lines: list[str]) -> None:
    one = Webhook("https://us3r:pa55@no-such-host.invalid/T0KEN", lines.append)
    one.send(Event.RUN_FAILED, {})
    one.close(20)
    assert len(lines) == 1
    assert lines[0].startswith("webhook to https://no-such-host.invalid: run-failed was not delivered: ")
    assert not any(secret in lines[0] for secret in SECRETS)


def test_a_body_that_is_no_json_hurts_nobody(hook: Callable[..., Webhook], lines: list[str]) -> None:
    loop: dict[str, Any] = {}
    loop["loop"] = loop
    one = hook()
    one.send(Event.RUN_FAILED, loop)
    one.send(Event.RUN_FAILED, {1.5: 1, ("a",): 2})  # type: ignore[dict-item]
    assert lines == ["webhook to http://127.0.0.1: run-failed was not delivered: it is no JSON"] * 2
    one.close(1)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "us3r",
        "ftp://us3r:pa55@host/T0KEN",
        "https:///T0KEN",
        "https://us3r:pa55@/T0KEN",
        "https://us3r:pa55/T0KEN@host",
        "https://us3r:12/pa55@host",
        "https://us3r:1#pa55@host/T0KEN",
        "https://us3r:1?pa55@host/T0KEN",
        "https://host:99999/T0KEN",
        "https://host:pa55/T0KEN",
        "https://[T0KEN/k3y",
        "https://host/T0KEN\r\nX: k3y",
        "https://host/T0KEN k3y",
        "https://host/T0KEN\x00",
        "https://host/T0KÉN-k3y",
        "https://" + "T0KEN" * 30 + "..com/",
        "https://us3r:pa55@ho..st/",
    ],
)
def test_a_malformed_address_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        Webhook(url, print)
    shown = "".join(str(error) for error in (refused.value, refused.value.__cause__) if error)
    assert "webhook's address" in shown
    assert not any(secret in shown for secret in SECRETS)


def test_an_address_shows_its_scheme_and_host_alone() -> None:
    found = read_address("https://us3r:p%40ss%2F@Hooks.Example:8443/T0KEN?key=k3y#part")
    assert found.shown == "https://hooks.example"
    assert found.url == "https://hooks.example:8443/T0KEN?key=k3y"
    assert found.authorization == "Basic " + base64.b64encode(b"us3r:p@ss/").decode()
    assert "T0KEN" not in repr(found)
    assert read_address("http://[::1]:80/").url == "http://[::1]:80/"
    assert read_address("https://host").url == "https://host/"
