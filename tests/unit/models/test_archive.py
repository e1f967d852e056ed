"""Archives that are dangerous, damaged or far too large are refused, and nothing of them lands outside."""

from __future__ import annotations

import gzip
import io
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest
from servers import NAME, tar_of
from snakemake_runs import mounted

from objmask.errors import ModelError
from objmask.models import archive as module
from objmask.models.archive import unpack, unpack_texts

GRAPH = ("frozen_inference_graph.pb", b"graph")


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def written(folder: Path, content: bytes) -> Path:
    path = folder / f"{NAME}.tar.gz"
    path.write_bytes(content)
    return path


def refused(folder: Path, content: bytes, *words: str) -> None:
    path = written(folder, content)
    with pytest.raises(ModelError) as caught:
        unpack(path, folder / "a/out")
    text = str(caught.value)
    assert all(word in text for word in (str(path), *words)), text
    assert "\n" not in text
    outside = [p for p in folder.rglob("*") if p.is_file() and folder / "a/out" not in p.parents]
    assert outside == [path]


def unpacked(folder: Path, content: bytes) -> dict[str, bytes]:
    out = folder / "out"
    unpack(written(folder, content), out)
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


@pytest.mark.parametrize("top", [f"{NAME}/", f"./{NAME}/", "./", ""])
def test_only_what_is_needed_is_taken_out(tmp_path, top):
    wanted = {
        "frozen_inference_graph.pb": b"1",
        "pipeline.config": b"2",
        "mscoco_label_map.pbtxt": b"3",
        "saved_model/saved_model.pb": b"4",
        "saved_model/variables/variables.index": b"5",
    }
    more = {"model.ckpt.index": b"6", "graph.pbtxt": b"7", "other/pipeline.config": b"8", "saved_model/x.txt": b"9"}
    if top in ("", "./"):
        del more["other/pipeline.config"]  # it would be the folder at the top
    assert unpacked(tmp_path, tar_of(*wanted.items(), *more.items(), top=top)) == wanted


def test_a_saved_model_by_itself(tmp_path):
    files = {"saved_model.pb": b"1", "variables/variables.data-00000-of-00001": b"2"}
    assert unpacked(tmp_path, tar_of(*files.items())) == files


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/evil", "//evil", f"{NAME}/saved_model/../../../evil"])
def test_names_that_lead_outside(tmp_path, name):
    evil = tarfile.TarInfo(name)
    evil.size = 4
    refused(tmp_path, tar_of(GRAPH, (evil, b"evil")), "dangerous", "outside", name)
    assert not Path("/evil").exists()


@pytest.mark.parametrize(
    ("kind", "target", "word"),
    [
        (tarfile.SYMTYPE, "../../outside", "symbolic link"),
        (tarfile.SYMTYPE, "/etc/passwd", "symbolic link"),
        (tarfile.LNKTYPE, "/etc/passwd", "hard link"),
        (tarfile.LNKTYPE, f"{NAME}/frozen_inference_graph.pb", "hard link"),
        (tarfile.CHRTYPE, "", "device"),
        (tarfile.BLKTYPE, "", "device"),
        (tarfile.FIFOTYPE, "", "pipe"),
    ],
)
@pytest.mark.parametrize("name", ["saved_model/variables/x", "unneeded"])
def test_links_and_devices(tmp_path, kind, target, word, name):
    refused(tmp_path, tar_of(GRAPH, (special(f"{NAME}/{name}", kind, target), b"")), "dangerous", word, name)


def test_a_link_instead_of_a_folder(tmp_path):
    """The classic: a link first, then a file through it."""
    link = special(f"{NAME}/saved_model", tarfile.SYMTYPE, "/tmp")  # noqa: S108
    refused(tmp_path, tar_of((link, b""), ("saved_model/saved_model.pb", b"evil")), "symbolic link")


def test_a_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SMALL_BYTES", 1 << 20)
    for name in ("frozen_inference_graph.pb", "unneeded"):
        refused(tmp_path, tar_of((name, bytes(64 << 20))), "more than a network")
    assert sum(p.stat().st_size for p in tmp_path.rglob("*")) < 2 << 20


def test_a_header_that_asks_for_much_memory(tmp_path):
    long_name = special("././@LongLink", b"L")
    long_name.size = 100 << 20
    content = gzip.compress(long_name.tobuf(tarfile.GNU_FORMAT) + bytes(8 << 20))
    refused(tmp_path, content, "more than a network")


def test_a_file_that_claims_to_be_larger_than_the_archive(tmp_path):
    member = tarfile.TarInfo(f"{NAME}/frozen_inference_graph.pb")
    member.size = 100 << 20
    refused(tmp_path, gzip.compress(member.tobuf() + b"short"), "damaged")


def test_a_full_disk(tmp_path):
    path = written(tmp_path, tar_of(("frozen_inference_graph.pb", bytes(3 << 20))))
    try:
        with (
            mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=1m", "tmpfs"),
            pytest.raises(ModelError, match=r"no room.*needs 3\.1 MB"),
        ):
            unpack(path, tmp_path / "small/out")
    except OSError as error:
        pytest.skip(f"cannot mount a small disk here: {error}")


def test_too_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MOST_MEMBERS", 5)
    refused(tmp_path, tar_of(*((f"f{i}", b"") for i in range(6))), "more than 5 files")


def test_a_name_twice(tmp_path):
    refused(tmp_path, tar_of(GRAPH, GRAPH), "twice")


def test_a_file_where_a_folder_is(tmp_path):
    members = [("saved_model/variables/a", b""), ("saved_model/variables/a/b", b"")]
    refused(tmp_path, tar_of(*members), "holds", "twice")


def test_no_network_in_it(tmp_path):
    refused(tmp_path, tar_of(("model.ckpt.index", b"")), "holds neither frozen_inference_graph.pb")


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_cut_archive(tmp_path, share):
    whole = tar_of(("frozen_inference_graph.pb", bytes(range(256)) * 1000), ("z", b"z" * 50_000))
    refused(tmp_path, whole[: int(len(whole) * share)], "damaged")


@pytest.mark.parametrize(
    "content",
    [b"", b"text", gzip.compress(b"text"), gzip.compress(b"x" * 5000), b"\x1f\x8b\x08"],
    ids=["empty", "text", "small", "large", "cut"],  # bytes of their own would name the second of their making
)
def test_what_is_no_archive(tmp_path, content):
    refused(tmp_path, content, "not a .tar.gz archive")


def test_texts_are_read_without_the_rest(tmp_path):
    """The damaged part comes after them."""
    whole = tar_of(("pipeline.config", b"1"), ("label_map.pbtxt", b"2"), ("frozen_inference_graph.pb", bytes(1 << 20)))
    tar = bytearray(gzip.decompress(whole))
    tar[2048 + 100 :] = b""
    unpack_texts(written(tmp_path, gzip.compress(bytes(tar))), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix != ".gz") == ["label_map.pbtxt", "pipeline.config"]


def test_an_archive_with_owners_and_modes_is_written_as_one_s_own(tmp_path):
    member = tarfile.TarInfo("frozen_inference_graph.pb")
    member.size, member.mode, member.uid = 1, 0o6777, 12345
    unpack(written(tmp_path, tar_of((member, b"g"))), tmp_path / "out")
    status = (tmp_path / "out/frozen_inference_graph.pb").stat()
    assert not status.st_mode & 0o7111
    assert status.st_uid != 12345


def test_any_damage_is_one_line(tmp_path):
    """Each byte of a small archive in turn is turned over."""
    whole = tar_of(GRAPH, ("pipeline.config", b"x"))
    tar = gzip.decompress(whole)
    for position in range(0, 600, 7):
        broken = bytearray(tar)
        broken[position] ^= 0xFF
        memory = io.BytesIO()
        with gzip.GzipFile(fileobj=memory, mode="wb") as stream:
            stream.write(bytes(broken))
        with suppress(ModelError):
            unpack(written(tmp_path, memory.getvalue()), tmp_path / str(position))


def header(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


def pax(key: str, value: str) -> bytes:
    """A header that says something of the next one."""
    length = next(n for n in range(1 << 20) if len(f"{n} {key}={value}\n") == n)
    record = f"{length} {key}={value}\n".encode()
    return header("pax", len(record), tarfile.XHDTYPE) + record + bytes(-len(record) % 512)


@pytest.mark.parametrize(
    ("tar", "word"),
    [
        (pax("comment", "x") * 2000 + header("x"), "headers"),
        ((header("././@LongLink", 2, b"L") + b"a".ljust(512, b"\0")) * 2000 + header("x"), "headers"),
        (pax("size", "-1536") + header("frozen_inference_graph.pb"), "negative size"),
        (pax("path", "variables/" + "a" * 5000) + header("x"), "too long"),
        (pax("path", "a" * 300 + "label_map.pbtxt") + header("x"), "too long"),
        (pax("GNU.sparse.map", "a,b") + header("x"), "damaged"),
    ],
    ids=["endless-pax", "endless-names", "backwards", "long-name", "long-label-map", "sparse"],
)
def test_headers_that_no_tar_program_writes(tmp_path, tar, word):
    content = gzip.compress(tar + bytes(1024))
    refused(tmp_path, content, word)
    with pytest.raises(ModelError, match=word) as caught:
        unpack_texts(written(tmp_path, content), tmp_path)
    assert len(str(caught.value)) < 1000
