"""A configuration out of a few words; the workflow itself is run in tests/integration."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from objmask.config.config import complete
from objmask.errors import ConfigError, ModelError
from objmask.inputs.index import find_videos
from objmask.models.source import ModelSource
from objmask.running.run import DEFAULT_MODEL, settings_for, together, write_config
from objmask.verbs import anonymise


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A relative path, of a video in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my clip.mp4").write_bytes(b"x")
    (tmp_path / "net.tflite").write_bytes(b"x")
    return Path("my clip.mp4")


def settings(clip: Path, more: str | None = None, **given: object) -> dict[str, object]:
    file = None
    if more is not None:
        file = Path("more.yaml")
        file.write_text(more)
    return settings_for(clip, file, **{"models": [], "outputs": None, "device": None, **given})


def test_nothing_said_leaves_everything_to_the_defaults(clip, tmp_path):
    assert settings(clip) == {"videos": str(tmp_path / "my clip.mp4"), "models": [DEFAULT_MODEL]}
    assert ModelSource.of(DEFAULT_MODEL).entry is not None


def test_files_are_found_from_another_folder_too(clip, tmp_path):
    assert settings(clip, models=["demo", "net.tflite"])["models"] == ["demo", str(tmp_path / "net.tflite")]


def test_what_is_said_comes_before_the_file(clip):
    more = "model: demo\ndevice: cpu\nprivacy: {style: solid}\n"
    assert settings(clip, more)["models"] == "demo"
    said = settings(clip, more, models=["net.tflite"], device="gpu", outputs="masks, overlay")
    assert said["models"] == [str(Path("net.tflite").absolute())]
    assert (said["device"], said["outputs"], said["privacy"]) == ("gpu", "masks, overlay", {"style": "solid"})
    assert "model" not in said


def test_the_written_configuration_says_the_same(clip, tmp_path):
    given = settings(clip, "groups: {'Büro': {objects: [cup], colour: [1, 2, 3]}}")
    assert yaml.safe_load(write_config(given, tmp_path / "a/b").read_text(encoding="utf-8")) == given


@pytest.mark.parametrize("more", ["- a", "", "{", "a: \t b: c", "!!python/object/apply:os.system ['true']"])
def test_a_settings_file_that_is_none(clip, more):
    with pytest.raises(ConfigError, match=r"more\.yaml: "):
        settings(clip, more)


def test_no_video_no_model(clip):
    with pytest.raises(ConfigError, match=r"^nothing\.mp4: no such file or folder$"):
        settings(Path("nothing.mp4"))
    Path("README.md").write_text("# no video\n")
    with pytest.raises(ConfigError, match=r"'README\.md' is not a video; videos end in \.3gp, .*\.webm"):
        settings(Path("README.md"))
    with pytest.raises(ModelError, match="no such model"):
        settings(clip, models=["nothing.tflite"])


def test_several_inputs_become_a_table(tmp_path):
    for name in ("a/x.mp4", "b/y.mp4", "c.mov"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    inputs = [tmp_path / "a", tmp_path / "c.mov", tmp_path / "a/x.mp4", tmp_path / "b"]
    table = together(inputs, tmp_path / "out")
    found = {video.path: video.label for video in find_videos(table)}
    assert found == {
        tmp_path / "a/x.mp4": "unlabelled",
        tmp_path / "b/y.mp4": "unlabelled",
        tmp_path / "c.mov": "unlabelled",
    }
    assert together(inputs[:1], tmp_path / "none") == inputs[0]
    assert not (tmp_path / "none").exists()
    with pytest.raises(ConfigError, match=r"no\.mp4: no such file"):
        together([*inputs, tmp_path / "no.mp4"], tmp_path / "none")


def test_a_base_holds_where_nobody_says_anything(clip):
    base = {"models": {"objects": "demo"}, "outputs": ["protected"], "device": "cpu"}
    said = settings(clip, "device: auto\n", base=base)
    assert (said["models"], said["outputs"], said["device"]) == ({"objects": "demo"}, ["protected"], "auto")


def test_the_example_of_anonymised_video_is_a_configuration():
    config = complete({**anonymise.settings(), "videos": "v"})
    assert set(config["models"]) == {"objects", "faces", "hands", "words"}
    assert "audit" in config["outputs"]
