"""Downloads from a real server that misbehaves: what arrives is the right file, or one clear line."""

from __future__ import annotations

import errno
import logging
import math
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock
from patience import AT_MOST_S
from servers import NAME, Answers, serving, tar_of, zoo
from snakemake_runs import mounted

from objmask.errors import ModelError
from objmask.files.whole import read_json, write_json
from objmask.models import download as module
from objmask.models.cache import _locked, cache_folder, fetch

RANDOM = random.Random(1)  # noqa: S311
ARCHIVE = tar_of(("frozen_inference_graph.pb", RANDOM.randbytes(3 << 20)))
OTHER = tar_of(("frozen_inference_graph.pb", RANDOM.randbytes(3 << 20)))
HALF = len(ARCHIVE) // 2
FETCH = """
import sys, logging
from pathlib import Path
from objmask.models.cache import fetch
from objmask.models.zoo import Zoo
from objmask.errors import ModelError
logging.basicConfig(level=logging.INFO)
zoo = Zoo.read(Path(sys.argv[1]))
try:
    print(fetch(zoo, zoo.models[0], cache=Path(sys.argv[2])).checksum)
except ModelError as error:
    sys.exit(str(error))
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(module, "_FIRST_WAIT_S", 0.01)


@pytest.fixture
def server():
    with serving(ARCHIVE) as answers:
        yield answers


class Place:
    """A cache folder, and the archive asked for."""

    def __init__(self, folder: Path, server: Answers, **changes: object) -> None:
        self.folder, self.cache, self.server = folder, folder / "cache", server
        self.zoo = zoo(folder, ARCHIVE, server.url, **changes)

    def fetch(self, **options):
        return fetch(self.zoo, self.zoo.models[0], cache=self.cache, **options)

    def refused(self, *words: str, **options) -> str:
        with pytest.raises(ModelError) as caught:
            self.fetch(**options)
        text = str(caught.value)
        assert all(word in text for word in words), text
        assert "\n" not in text
        assert not (self.cache / f"{NAME}.tar.gz").exists()
        return text

    @property
    def files(self) -> set[str]:
        found = {path.name.removeprefix(f"{NAME}.tar.gz") for path in self.cache.iterdir()}
        return found - {".lock"}


@pytest.fixture
def place(tmp_path, server):
    return Place(tmp_path, server)


@pytest.fixture
def unchecked(tmp_path, server):
    """An archive of which neither size nor checksum is published."""
    return Place(tmp_path, server, size_bytes=0, checksum="")


def test_an_archive_is_downloaded_once(place, server):
    first = place.fetch()
    assert first.path.read_bytes() == ARCHIVE
    assert place.fetch() == first
    assert len(server.requests) == 1
    assert place.files == {""}


def test_a_missing_archive_is_said_at_once(place, server):
    server.codes = [404]
    place.refused("404", server.url, "mirror")
    assert len(server.requests) == 1


@pytest.mark.parametrize("code", [500, 503, 429])
def test_a_busy_server_is_asked_again(place, server, code):
    server.codes = [code, code]
    assert place.fetch().path.read_bytes() == ARCHIVE
    assert len(server.requests) == 3


def test_a_server_that_stays_broken(place, server):
    server.codes = [500] * 9
    place.refused("500", "5 times", "run it again")
    assert len(server.requests) == 5


def test_no_server(place):
    place.zoo = zoo(place.folder, ARCHIVE, "http://127.0.0.1:9/")
    place.refused("127.0.0.1:9", "Connection refused", "mirror")


def test_a_cut_download_goes_on_where_it_broke_off(place, server):
    server.cut = [HALF]
    assert place.fetch().path.read_bytes() == ARCHIVE
    second = server.requests[1]
    assert second["If-Range"] == server.etag
    assert int(second["Range"].removeprefix("bytes=").removesuffix("-")) > 0
    assert server.sent <= len(ARCHIVE) + (1 << 19)


def test_a_later_call_goes_on_too(place, server):
    server.cut = [HALF] + [0] * 4
    place.refused("tried 5 times")
    assert place.files == {".part", ".part.json"}
    assert place.fetch().path.read_bytes() == ARCHIVE
    assert "Range" in server.requests[-1]
    assert place.files == {""}


def test_many_cuts_are_no_reason_to_give_up(place, server, monkeypatch):
    monkeypatch.setattr(module, "_PROGRESS_BYTES", 1 << 16)
    server.cut = [1 << 19] * 5
    assert place.fetch().path.read_bytes() == ARCHIVE
    assert len(server.requests) == 6


def test_a_server_without_ranges_starts_again(place, server):
    server.ranges, server.cut = False, [HALF]
    assert place.fetch().path.read_bytes() == ARCHIVE
    assert len(server.requests) == 2


def test_a_server_that_sends_another_range(place, server):
    server.cut = [HALF]
    server.before = lambda number: setattr(server, "body", ARCHIVE if number != 1 else ARCHIVE + b"x")
    assert place.fetch().path.read_bytes() == ARCHIVE
    assert "Range" not in server.requests[2]


@pytest.mark.parametrize("tells", [True, False])
def test_halves_of_two_files_are_never_glued_together(place, server, tells):
    """The server has another file of the same size at first; `tells`: its ETag says so."""
    server.body, server.cut = OTHER[:HALF] + ARCHIVE[HALF:], [HALF]

    def change(number):
        if number:
            server.body, server.etag = ARCHIVE, '"two"' if tells else server.etag

    server.before = change
    assert place.fetch().path.read_bytes() == ARCHIVE
    assert ("Range" in server.requests[-1]) is tells


def test_without_checksum_pieces_need_the_server_s_word(unchecked, server):
    server.etag, server.cut = "", [HALF]
    assert unchecked.fetch().path.read_bytes() == ARCHIVE
    assert "Range" not in server.requests[1]


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_the_time_of_change_will_do_for_a_strong_tag(unchecked, server, tag):
    server.etag, server.modified, server.cut = tag, "Mon, 01 Jan 2018 00:00:00 GMT", [HALF]
    assert unchecked.fetch().path.read_bytes() == ARCHIVE
    assert server.requests[1]["If-Range"] == server.modified


def test_a_wrong_length_is_another_file(place, server):
    server.length = len(ARCHIVE) - 7
    place.refused(str(len(ARCHIVE) - 7), f"expected {len(ARCHIVE)}")


def test_a_length_that_is_no_number(place, server):
    server.length = "much"
    assert place.fetch().path.read_bytes() == ARCHIVE


def test_a_body_shorter_than_it_says(unchecked, server):
    server.length = len(ARCHIVE) + 7
    server.codes = [200] * 9
    unchecked.refused("tried 5 times")


def test_a_longer_body_without_length(place, server):
    server.length, server.body = -1, ARCHIVE + b"x"
    place.refused("more than")
    assert place.files == set()


def test_a_short_body_without_length(place, server):
    server.length, server.body = -1, ARCHIVE[:-1]
    place.refused("broke off")


def test_a_cut_body_of_unknown_length_is_not_trusted(unchecked, server):
    server.length, server.body = -1, ARCHIVE[:-1]
    unchecked.refused("damaged")
    assert unchecked.files == set()


def test_another_file_of_the_same_size(place, server):
    server.body = ARCHIVE[:-9] + bytes(9)
    place.refused("checksum", "expected sha256:")
    assert place.files == set()


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/x-tar"])
def test_a_web_page_is_no_archive(unchecked, server, kind):
    server.body, server.kind = b"<html>Please log in</html>", kind
    unchecked.refused("web page", "mirror")
    assert unchecked.files == set()
    assert len(server.requests) == 1


def test_an_archive_that_is_called_a_compressed_answer(place, server):
    server.encoding = "gzip"
    assert place.fetch().path.read_bytes() == ARCHIVE


def test_an_archive_that_rots_in_the_cache_is_replaced(place, server, caplog):
    path = place.fetch().path
    path.write_bytes(ARCHIVE[:-1])
    assert place.fetch().path.read_bytes() == ARCHIVE
    assert "it is replaced" in caplog.text
    assert len(server.requests) == 2


def test_the_first_download_is_what_counts_when_nothing_is_published(unchecked, server, caplog):
    caplog.set_level(logging.INFO, "objmask")
    first = unchecked.fetch()
    assert f"{first.checksum}, counts from now on" in caplog.text
    assert (unchecked.cache / f"{NAME}.tar.gz.checksum").read_text().strip() == first.checksum
    first.path.unlink()
    server.body = OTHER
    unchecked.refused("first used", first.checksum, ".checksum")
    mirror = unchecked.folder / "mirror"
    mirror.mkdir()
    (mirror / f"{NAME}.tar.gz").write_bytes(OTHER)
    unchecked.refused("first used", str(mirror), mirror=str(mirror))
    (mirror / f"{NAME}.tar.gz").write_bytes(ARCHIVE)
    assert unchecked.fetch(mirror=str(mirror)).checksum == first.checksum


@pytest.mark.parametrize("form", ["{}", "file:{}", "file://{}"])
@pytest.mark.parametrize("below", ["", "tf2/1"])
def test_a_mirror_folder_is_read_in_place(tmp_path, server, form, below):
    place = Place(tmp_path, server, path=f"tf2/1/{NAME}.tar.gz")
    mirror = tmp_path / "a mirror"
    (mirror / below).mkdir(parents=True)
    (mirror / below / f"{NAME}.tar.gz").write_bytes(ARCHIVE)
    given = form.format(str(mirror).replace(" ", "%20") if form != "{}" else mirror)
    assert place.fetch(mirror=given).path == mirror / below / f"{NAME}.tar.gz"
    assert not place.cache.exists()
    assert not server.requests


def test_a_mirror_is_checked_as_any_other_place(place, tmp_path):
    (tmp_path / f"{NAME}.tar.gz").write_bytes(OTHER)
    place.refused("expected", str(tmp_path), mirror=str(tmp_path))


@pytest.mark.parametrize(
    ("mirror", "words"),
    [
        ("{}/none", ["no such folder", "put", f"{NAME}.tar.gz"]),
        ("{}", ["not in the mirror", "put it there"]),
        ("ftp://me:secret@host/", ["ftp://host/", "http:"]),
    ],
)
def test_mirrors_that_are_none(place, tmp_path, mirror, words):
    place.refused(*words, mirror=mirror.format(tmp_path))


def test_a_mirror_s_address(place, server):
    place.zoo = zoo(place.folder, ARCHIVE, "http://127.0.0.1:9/")
    assert place.fetch(mirror=server.url.rstrip("/")).path.read_bytes() == ARCHIVE


def test_passwords_are_not_told(place, server, caplog):
    server.codes = [500, 404]
    text = place.refused("404", mirror=server.url.replace("//", "//me:secret@"))
    assert "Authorization" in server.requests[0]
    assert "secret" not in text + caplog.text


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.delenv("OBJMASK_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "objmask"
    monkeypatch.setenv("OBJMASK_CACHE", str(tmp_path / "here"))
    assert cache_folder() == tmp_path / "here"


def start(place: Place, *before: str, code: str = FETCH) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*before, sys.executable, "-c", code, place.folder / "table.yaml", place.cache],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_download_once(place, server):
    server.go = threading.Event()
    both = [start(place), start(place)]
    waits, _, _ = select.select([process.stderr for process in both], [], [])
    first_words = waits[0].readline()
    server.go.set()
    said = [process.communicate(timeout=AT_MOST_S) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len(server.requests) == 1
    assert "another process" in first_words
    assert "another process" not in "".join(error for _, error in said)


def test_the_lock_is_given_back(tmp_path):
    with _locked(tmp_path / "x.lock") as lock:
        assert lock.is_locked
    assert not lock.is_locked


def test_a_read_only_cache(place):
    place.cache.mkdir()
    place.cache.chmod(0o555)
    # File modes count for root only without its capabilities.
    unprivileged = [] if os.getuid() else ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    process = start(place, *unprivileged)
    _, error = process.communicate(timeout=AT_MOST_S)
    assert process.returncode
    assert "cannot be written" in error
    assert "OBJMASK_CACHE" in error
    assert "Traceback" not in error


def test_a_read_only_cache_that_has_the_archive_will_do(place):
    place.cache.mkdir()
    (place.cache / f"{NAME}.tar.gz").write_bytes(ARCHIVE)
    place.cache.chmod(0o555)
    unprivileged = [] if os.getuid() else ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    process = start(place, *unprivileged)
    process.communicate(timeout=AT_MOST_S)
    assert process.returncode == 0


def test_a_limit_on_the_size_of_files(place):
    """What a quota does: the write itself fails, half-way."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
    process = start(place, code=limit + FETCH)
    _, error = process.communicate(timeout=AT_MOST_S)
    assert process.returncode
    assert "no room" in error
    assert "Traceback" not in error


def test_a_full_disk_is_seen_before_the_download(place, server):
    # The server waits after its first piece: otherwise the buffers of the sockets alone may take the whole archive.
    server.go = threading.Event()
    try:
        with mounted(place.cache, "-t", "tmpfs", "-o", "size=1m", "tmpfs"):
            place.refused("no room", "MB needed", "OBJMASK_CACHE")
    except OSError as error:
        pytest.skip(f"cannot mount a small disk here: {error}")
    finally:
        server.go.set()
    assert len(server.requests) <= 1
    assert server.sent < len(ARCHIVE) // 2


def test_killed_at_any_moment_it_never_leaves_a_wrong_archive(place, server):
    server.pause_s = 0.004
    final = place.cache / f"{NAME}.tar.gz"
    for _ in range(20):
        process = start(place)
        began = len(server.requests)
        while len(server.requests) == began and process.poll() is None:
            time.sleep(0.005)
        time.sleep(RANDOM.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not final.exists() or final.read_bytes() == ARCHIVE
        final.unlink(missing_ok=True)
    assert place.fetch().path.read_bytes() == ARCHIVE
    assert any("Range" in request for request in server.requests)
    assert place.files == {""}


@pytest.mark.parametrize("text", ["", "nonsense", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:12", "sha256:ä"])
def test_an_edited_note_is_no_licence_to_trust(unchecked, server, text):
    note = unchecked.cache / f"{NAME}.tar.gz.checksum"
    note.parent.mkdir()
    note.write_text(text, encoding="utf-8")
    unchecked.refused(str(note), "no checksum", "remove it")
    assert not server.requests
    assert note.read_text(encoding="utf-8") == text


def test_a_note_saved_by_another_editor(unchecked):
    checksum = unchecked.fetch().checksum
    note = unchecked.cache / f"{NAME}.tar.gz.checksum"
    note.write_bytes(b" " + checksum.upper().encode() + b"\r\n")
    assert unchecked.fetch().checksum == checksum


def test_what_is_dangerous_is_never_noted_as_the_right_one(unchecked, server):
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    server.body = tar_of((link, b""))
    unchecked.refused("dangerous", "symbolic link")
    assert unchecked.files == set()


@pytest.mark.parametrize("length", [5 << 30, 10**17])
def test_a_server_s_word_does_not_fill_the_disk(unchecked, server, length):
    server.length = length
    unchecked.refused(str(length), "more than any network")
    assert unchecked.files == set()


def test_a_length_with_too_many_digits(place, server):
    server.length = "9" * 5000
    assert place.fetch().path.read_bytes() == ARCHIVE


@pytest.mark.parametrize(
    "changes",
    [
        {"total": "much"},
        {"total": None},
        {"validator": '"one"\r\nX: y'},
        {"validator": "\N{SNOWMAN}"},
        {"url": None},
        "null",
        '{"total": Infinity, "url": "x", "validator": "y"}',
    ],
)
def test_a_part_with_strange_notes_is_begun_again(place, server, changes):
    server.cut = [HALF] + [0] * 4
    place.refused("tried 5 times")
    notes = place.cache / f"{NAME}.tar.gz.part.json"
    if isinstance(changes, str):
        notes.write_text(changes)
    else:
        write_json(notes, {**read_json(notes), **changes})
    assert place.fetch().path.read_bytes() == ARCHIVE
    assert "Range" not in server.requests[-1]


def test_a_part_of_a_later_version_is_used(place, server):
    server.cut = [HALF] + [0] * 4
    place.refused("tried 5 times")
    notes = place.cache / f"{NAME}.tar.gz.part.json"
    write_json(notes, {**read_json(notes), "more": 1})
    assert place.fetch().path.read_bytes() == ARCHIVE
    assert "Range" in server.requests[-1]


def test_a_link_in_a_shared_cache_leads_nowhere(place, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("keep")
    place.cache.mkdir()
    (place.cache / f"{NAME}.tar.gz.part").symlink_to(precious)
    assert place.fetch().path.read_bytes() == ARCHIVE
    assert precious.read_text() == "keep"
    assert not (place.cache / f"{NAME}.tar.gz").is_symlink()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EACCES])
def test_a_file_system_that_gives_no_locks(place, monkeypatch, code):
    """Network file systems answer so; waiting for the lock would be waiting for ever."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(FileLock, "acquire", refuse)
    place.refused(str(place.cache), os.strerror(code), "OBJMASK_CACHE")


def test_a_cache_below_one_s_home(monkeypatch, tmp_path):
    """Where no shell has replaced the tilde."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OBJMASK_CACHE", "~/models")
    assert cache_folder() == tmp_path / "models"


def test_no_such_host_is_said_at_once_and_what_to_put_where(place, monkeypatch):
    asked = []
    look_up = socket.getaddrinfo

    def count(host, *more, **options):
        asked.append(host)
        return look_up(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", count)
    place.zoo = zoo(place.folder, ARCHIVE, "http://no-such-host.invalid/")
    text = place.refused("no-such-host.invalid", "no such host", "mirror", "--settings")
    assert f"put {NAME}.tar.gz into {place.cache}" in text
    assert asked == ["no-such-host.invalid"]


def test_a_certificate_that_is_not_trusted_is_said_at_once(place, server):
    """A server that speaks no TLS at all has none either."""
    place.zoo = zoo(place.folder, ARCHIVE, server.url.replace("http:", "https:"))
    place.refused("no safe connection", f"{NAME}.tar.gz", "mirror")


def test_what_comes_too_slowly_is_given_up(place, server, monkeypatch):
    monkeypatch.setattr(module, "_SLOW_S", 1e-9)
    monkeypatch.setattr(module, "_SLOWEST_BYTES_S", math.inf)
    monkeypatch.setattr(module, "_PROGRESS_BYTES", 1 << 30)
    place.refused("kB a second", "5 times", "mirror")
    assert len(server.requests) == 5


def test_what_comes_byte_by_byte_is_seen(place, server, monkeypatch):
    """Pieces are looked at as they come, and not when a whole block of them is there."""
    monkeypatch.setattr(module, "_BLOCK_BYTES", 1 << 30)
    server.cut = [1 << 16]
    server.length = len(ARCHIVE)
    seen = []
    monkeypatch.setattr(module.Progress, "reach", lambda self, done: seen.append(done))
    assert place.fetch().path.read_bytes() == ARCHIVE
    assert len(seen) > 2


def test_what_a_server_says_does_not_reach_the_terminal(place, server):
    server.codes = [(404, "\x1b[2Jgone\x07")]
    text = place.refused("404", "gone", "mirror")
    assert "\x1b" not in text
    assert "\x07" not in text
