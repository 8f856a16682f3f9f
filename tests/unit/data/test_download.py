"""Downloads, from a real server on this machine that can continue a part, cut the line and serve something else."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from l2t.data.download import download
from l2t.errors import DataError
from l2t.store import files

CONTENT = np.random.default_rng(0).bytes(3_000_000)
MD5 = hashlib.md5(CONTENT).hexdigest()


@dataclass
class Server:
    """What the server does, and the first byte each request asked for."""

    url: str = ""
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    """Bytes after which the next connections are cut; the ones after these are not."""
    status: int = 200
    asked: list[int] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            state.asked.append(start)
            if state.status != 200:
                self.send_error(state.status)
                return
            if start >= len(CONTENT):
                self.send_error(416)
                return
            partial = state.ranges and wanted
            body = CONTENT[start:] if partial else CONTENT
            self.send_response(206 if partial else 200)
            if partial:
                self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: state.cuts.pop(0)] if state.cuts else body)

        def log_message(self, *_: object) -> None:
            """Keep stderr quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        state.url = f"http://127.0.0.1:{http.server_port}/archive.bin"
        yield state
        http.shutdown()
        thread.join()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.bin"


def quiet(step: str, done: int, total: int) -> None:
    pass


def test_a_file_arrives_whole_and_its_progress_is_told(server: Server, path: Path):
    steps = []
    download(server.url, path, MD5, lambda *step: steps.append(step))
    assert path.read_bytes() == CONTENT
    assert [path] == list(path.parent.iterdir())
    received = [done for step, done, total in steps if step == "download archive.bin" and total == len(CONTENT)]
    assert received == sorted(received)
    assert received[-1] == len(CONTENT)


def test_a_cut_connection_is_taken_up_where_it_broke(server: Server, path: Path):
    server.cuts = [1_000_000, 500_000]
    download(server.url, path, MD5, quiet)
    assert path.read_bytes() == CONTENT
    assert server.asked == [0, 1_000_000, 1_500_000]


def test_a_part_left_by_an_earlier_attempt_is_continued(server: Server, path: Path):
    path.with_name("archive.bin.part").write_bytes(CONTENT[:1234])
    download(server.url, path, MD5, quiet)
    assert path.read_bytes() == CONTENT
    assert server.asked == [1234]


def test_a_part_that_is_complete_already_is_only_checked(server: Server, path: Path):
    path.with_name("archive.bin.part").write_bytes(CONTENT)
    download(server.url, path, MD5, quiet)
    assert path.read_bytes() == CONTENT


def test_a_server_that_cannot_continue_sends_everything_again(server: Server, path: Path):
    server.ranges = False
    server.cuts = [1_000_000]
    download(server.url, path, MD5, quiet)
    assert path.read_bytes() == CONTENT


def test_a_line_that_keeps_breaking_is_given_up_and_what_came_is_kept(server: Server, path: Path):
    server.cuts = [1000, 0]
    with pytest.raises(
        DataError, match=r"archive\.bin cannot be downloaded .*the connection ended after 1000 of 3000000"
    ):
        download(server.url, path, MD5, quiet)
    assert not path.exists()
    download(server.url, path, MD5, quiet)
    assert path.read_bytes() == CONTENT
    assert server.asked == [0, 1000, 1000]


def test_a_wrong_checksum_leaves_nothing_under_the_name(server: Server, path: Path):
    with pytest.raises(DataError, match=f"gave another file: its md5 is {MD5}, not 0{{32}}"):
        download(server.url, path, "0" * 32, quiet)
    assert list(path.parent.iterdir()) == []


def test_the_first_digits_of_another_checksum_are_enough(server: Server, path: Path):
    sha = hashlib.sha256(CONTENT).hexdigest()
    download(server.url, path, sha[:8], quiet, "sha256")
    assert path.read_bytes() == CONTENT
    path.unlink()
    with pytest.raises(DataError, match=f"gave another file: its sha256 is {sha[:8]}, not 0{{8}}"):
        download(server.url, path, "0" * 8, quiet, "sha256")
    assert list(path.parent.iterdir()) == []


def test_a_refusing_server_is_an_error_that_says_what_to_do(server: Server, path: Path):
    server.status = 404
    with pytest.raises(DataError, match=rf"HTTP Error 404.*\(md5 {MD5}\) and put it into {path.parent}"):
        download(server.url, path, MD5, quiet)
    assert list(path.parent.iterdir()) == []


def test_without_a_network_the_error_names_file_checksum_and_folder(path: Path):
    # Nothing listens on port 1 of this machine.
    with pytest.raises(
        DataError, match=rf"archive\.bin cannot be .*refused.*\(md5 {MD5}\) and put it into {path.parent}"
    ):
        download("http://127.0.0.1:1/archive.bin", path, MD5, quiet)
    assert list(path.parent.iterdir()) == []


def test_two_downloads_at_once_make_one(server: Server, path: Path):
    threads = [threading.Thread(target=download, args=(server.url, path, MD5, quiet)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    assert server.asked == [0]


def test_a_full_disk_is_no_lost_connection(server: Server, path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(descriptor: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_write", full)
    with pytest.raises(OSError, match="No space left"):
        download(server.url, path, MD5, quiet)
    assert server.asked == [0]
