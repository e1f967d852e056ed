import hashlib
import json
import math
import os
import stat
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest
from builders import HOSTILE

from objmask.errors import DataError, ObjmaskError
from objmask.files.whole import (
    atomic_path,
    read_json,
    refuse_foreign,
    refuse_unwritable,
    sha256_of,
    sha256_of_listing,
    write_json,
)


def test_a_file_appears_whole_and_nothing_is_left_beside(tmp_path):
    final = tmp_path / "a" / "b" / "c.mp4"
    with atomic_path(final) as temporary:
        temporary.write_text("half")
        assert not final.exists()
        assert temporary.suffix == ".mp4"
        assert temporary.parent.name.startswith(".")
    assert final.read_text() == "half"
    assert os.listdir(final.parent) == ["c.mp4"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    final = tmp_path / "c.mp4"
    final.write_text("old")

    def interrupted(path):
        path.write_text("new")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), atomic_path(final) as temporary:
        interrupted(temporary)
    assert final.read_text() == "old"
    assert os.listdir(tmp_path) == ["c.mp4"]


def test_a_writer_that_wrote_nothing_is_an_error(tmp_path):
    with pytest.raises(OSError, match="part"), atomic_path(tmp_path / "c.mp4"):
        pass
    assert os.listdir(tmp_path) == []


def test_a_folder_replaces_an_older_one(tmp_path):
    final = tmp_path / "images"
    for names in (["1", "2"], ["3"]):
        with atomic_path(final) as temporary:
            temporary.mkdir()
            for name in names:
                (temporary / name).write_text(name)
    assert os.listdir(final) == ["3"]


def test_others_can_read_what_was_written(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("")
    write_json(tmp_path / "a.json", {})
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.parametrize("name", [*HOSTILE, "n" * 251])
def test_any_name_that_the_file_system_takes(tmp_path, name):
    final = tmp_path / f"{name}.mp4"
    with atomic_path(final) as temporary:
        temporary.write_bytes(b"x")
    assert [p.name for p in tmp_path.iterdir()] == [final.name]


def test_an_earlier_writer_cannot_replace_the_work_of_a_later_one(tmp_path):
    """A job that a killed workflow left behind, when the next workflow is at the same file."""
    final, other = tmp_path / "a.txt", tmp_path / "b.txt"
    with ExitStack() as stack:
        orphan = stack.enter_context(atomic_path(final))
        beside = stack.enter_context(atomic_path(other))
        for path in (orphan, beside):
            path.write_text("earlier")
        with atomic_path(final) as temporary:
            temporary.write_text("later")
            assert not orphan.exists()
        with pytest.raises(ObjmaskError, match=r"a\.txt: another process"):
            stack.close()
    assert (final.read_text(), other.read_text()) == ("later", "earlier")
    assert sorted(os.listdir(tmp_path)) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("shared", [False, True])
def test_what_a_killed_writer_left_is_removed_by_the_next_one(tmp_path, shared):
    final = tmp_path / "a.txt"
    killed = "from pathlib import Path; import os, sys; from objmask.files.whole import atomic_path\n"
    killed += "with atomic_path(Path(sys.argv[1])) as path: path.write_text('half'); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", killed, final], check=False)
    assert [name[:9] for name in os.listdir(tmp_path)] == [".objmask-"]
    with atomic_path(final, shared=shared) as temporary:
        temporary.write_text("whole")
    assert os.listdir(tmp_path) == ["a.txt"]


def test_writers_that_share_a_file_never_mix(tmp_path):
    final = tmp_path / "a.txt"
    barrier = threading.Barrier(4)

    def write(letter):
        with atomic_path(final, shared=True) as temporary, temporary.open("w") as stream:
            barrier.wait()
            for _ in range(200):
                stream.write(letter)
                stream.flush()

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    text = final.read_text()
    assert text == text[0] * 200
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"), atomic_path(tmp_path / "file" / "a.mp4"):
        pass
    with pytest.raises(ObjmaskError, match="file: is a file"):
        refuse_unwritable(tmp_path / "file" / "results")


def test_a_folder_that_can_be_made_is_writable(tmp_path, monkeypatch):
    refuse_unwritable(tmp_path / "new" / "results")
    monkeypatch.chdir(tmp_path)
    refuse_unwritable(tmp_path.relative_to(tmp_path) / "results")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ObjmaskError, match="cannot be written"):
        refuse_unwritable(tmp_path / "results")


def test_a_folder_with_other_things_is_not_to_be_replaced(tmp_path):
    refuse_foreign(tmp_path / "new", ())
    (tmp_path / "ours").mkdir()
    refuse_foreign(tmp_path, ("ours", "not there"))
    (tmp_path / "yours").write_text("")
    with pytest.raises(ObjmaskError, match="would be replaced, but holds yours"):
        refuse_foreign(tmp_path, ("ours",))


def test_json_is_sorted_and_ascii(tmp_path):
    write_json(tmp_path / "a.json", {"b": "schön\udcff\n", "a": [1]})
    text = (tmp_path / "a.json").read_bytes().decode("ascii")
    assert text.index('"a"') < text.index('"b"')
    assert read_json(tmp_path / "a.json") == {"b": "schön\udcff\n", "a": [1]}
    # As the documentation says that it is computed.
    document = json.loads(text)
    checksum = document.pop("checksum")
    rest = json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(rest.encode()).hexdigest() == checksum


def test_json_that_cannot_be_written_leaves_the_old(tmp_path):
    write_json(tmp_path / "a.json", {"a": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"a": object()})
    with pytest.raises(DataError, match=r"a\.json: not written, since a number in it is not finite"):
        write_json(tmp_path / "a.json", {"a": [math.nan]})
    assert read_json(tmp_path / "a.json") == {"a": 1}
    assert os.listdir(tmp_path) == ["a.json"]


def test_json_that_was_changed_is_refused_and_layout_does_not_count(tmp_path):
    path = tmp_path / "a.json"
    document = {"3": {"x": [1.5, -0.0, 1e300, "ä", None]}, "20": 10**30, "b": True}
    write_json(path, document, compact=True)
    assert read_json(path) == document
    path.write_text(json.dumps(json.loads(path.read_text()), indent=7))
    assert read_json(path) == document
    text = path.read_text()
    for change in (("1.5", "1.6"), ("true", "false"), ('"3"', '"4"'), ("null", "NaN"), ("1.5", "1e999"), ("}", "")):
        path.write_text(text.replace(*change, 1))
        with pytest.raises(DataError, match=r"a\.json: was changed or damaged; delete it and run again") as caught:
            read_json(path)
        assert "\n" not in str(caught.value)
    path.write_text("[" * 10**5)
    with pytest.raises(DataError, match="nested too deeply"):
        read_json(path)


def test_sha256_is_that_of_other_tools(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"")
    assert sha256_of(path) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    path.write_bytes(b"a" * 1_000_000 + b"b" * 200_000)
    assert sha256_of(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_folder_changes_its_sha256_with_any_byte_name_or_place(tmp_path):
    folder = tmp_path / "m"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "v").write_bytes(b"weights")
    first = sha256_of(folder)
    folder.rename(tmp_path / "moved")
    folder = tmp_path / "moved"
    assert sha256_of(folder) == first
    seen = {first}
    (folder / "variables" / "v").write_bytes(b"weightz")
    seen.add(sha256_of(folder))
    (folder / "variables" / "v").rename(folder / "variables" / "w")
    seen.add(sha256_of(folder))
    (folder / "variables" / "w").rename(folder / "w")
    seen.add(sha256_of(folder))
    (folder / "empty").write_bytes(b"")
    seen.add(sha256_of(folder))
    assert len(seen) == 5


def test_the_checksum_of_a_listing_is_that_of_the_folder(tmp_path):
    """In whatever order it is written down."""
    names = ["a/b", "a-b", "a.b", "ä", "b"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    listing = {name: sha256_of(tmp_path / name) for name in names}
    assert sha256_of_listing(listing) == sha256_of_listing(dict(reversed(listing.items()))) == sha256_of(tmp_path)
