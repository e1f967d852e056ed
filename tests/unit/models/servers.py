"""A real HTTP server on this machine that misbehaves as told, and archives to serve."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from objmask.models.zoo import Zoo

NAME = "mask_rcnn_tiny_coco_2018_01_28"


@dataclass
class Answers:
    """What the server does; tests change it between or before requests.

    Attributes:
        body: the file.
        etag: its ETag; empty: none is sent.
        modified: its Last-Modified; empty: none is sent.
        ranges: whether Range is understood.
        codes: status codes to answer with first, one a request; or code and reason.
        cut: of each of the first requests, how many bytes of the answer to send before hanging up; None: all.
        length: a Content-Length that is a lie; None: the truth; -1: none is sent.
        kind: Content-Type.
        encoding: Content-Encoding, though nothing is encoded.
        pause_s: pause after every 64 kB.
        go: sends slowly until it is set; None: never waits.
        before: called with the number of the request (from 0) before it is answered.
    """

    body: bytes
    etag: str = '"one"'
    modified: str = ""
    ranges: bool = True
    codes: list[int | tuple[int, str]] = field(default_factory=list)
    cut: list[int | None] = field(default_factory=list)
    length: int | str | None = None
    kind: str = "application/x-tar"
    encoding: str = ""
    pause_s: float = 0.0
    go: threading.Event | None = None
    before: object = None
    requests: list[Mapping[str, str]] = field(default_factory=list)
    sent: int = 0
    url: str = ""


@contextmanager
def serving(body: bytes) -> Iterator[Answers]:
    """Serves `body` under any path until the block ends."""
    answers = Answers(body)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = len(answers.requests)
            answers.requests.append(dict(self.headers))
            if answers.before:
                answers.before(number)  # type: ignore[operator]
            code = answers.codes.pop(0) if answers.codes else 200
            if code != 200:
                self.send_error(*(code if isinstance(code, tuple) else (code,)))
                return
            start, body = self._start(), answers.body
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            if answers.length != -1:
                self.send_header("Content-Length", str(answers.length or len(body) - start))
            for name, value in (
                ("Content-Type", answers.kind),
                ("Content-Encoding", answers.encoding),
                ("ETag", answers.etag),
                ("Last-Modified", answers.modified),
            ):
                if value:
                    self.send_header(name, value)
            self.end_headers()
            self._send(body[start:])

        def _start(self) -> int:
            asked, if_range = self.headers.get("Range"), self.headers.get("If-Range")
            same = if_range in (None, answers.etag, answers.modified)
            return int(asked.removeprefix("bytes=").removesuffix("-")) if asked and answers.ranges and same else 0

        def _send(self, rest: bytes) -> None:
            cut = answers.cut.pop(0) if answers.cut else None
            for at in range(0, len(rest[:cut]), 1 << 16):
                block = rest[:cut][at : at + (1 << 16)]
                try:
                    self.wfile.write(block)
                except OSError:
                    return
                answers.sent += len(block)
                time.sleep(answers.pause_s)
                if answers.go:
                    answers.go.wait(10)  # a download waits longer for its next piece

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    answers.url = f"http://127.0.0.1:{server.server_port}/od/"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def tar_of(*members: tuple[str | tarfile.TarInfo, bytes], top: str = f"{NAME}/") -> bytes:
    """A `.tar.gz` archive; a name stands for a plain file below `top`."""
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as tar:
        for what, content in members:
            member = tarfile.TarInfo(top + what) if isinstance(what, str) else what
            if isinstance(what, str):
                member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return memory.getvalue()


def table(folder: Path, archive: bytes, base: str = "http://127.0.0.1:9/", **changes: object) -> Path:
    """Writes a table of one archive, `NAME`, that a `Zoo` can be read from."""
    entry = {
        "path": f"{NAME}.tar.gz",
        "size_bytes": len(archive),
        "checksum": f"sha256:{hashlib.sha256(archive).hexdigest()}",
        "licence": "Apache-2.0",
        "citation": "somebody",
        **changes,
    }
    path = folder / "table.yaml"
    path.write_text(yaml.safe_dump({"base": base, "models": {NAME: entry}}))
    return path


def zoo(folder: Path, archive: bytes, base: str = "http://127.0.0.1:9/", **changes: object) -> Zoo:
    """The same as an object."""
    return Zoo.read(table(folder, archive, base, **changes))
