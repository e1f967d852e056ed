"""The section `clips` of the configuration."""

from __future__ import annotations

import pytest

from objmask.config.config import complete
from objmask.config.schema import typed
from objmask.errors import ConfigError

CONFIG = {"videos": "videos", "models": ["demo"], "outputs": ["clips"]}


def test_the_defaults_are_the_original_s():
    clips = complete(CONFIG)["clips"]
    assert (clips["of"], clips["frames"], clips["size"], clips["sampling"]) == ("masks", 40, 64, "random")
    assert (clips["step_min"], clips["step_max"], clips["per_video"], clips["short"]) == (1, None, 1, "repeat")
    assert "png" in clips["formats"]


def test_texts_from_the_command_line_become_numbers():
    given = typed({**CONFIG, "clips": {"size": "32", "rate": "15", "flip_when_fps_over": "100"}})
    clips = complete(given)["clips"]
    assert (clips["size"], clips["rate"], clips["flip_when_fps_over"]) == (32, 15, 100)


def test_clips_of_protected_video_need_what_protected_video_needs():
    config = {**CONFIG, "clips": {"of": "protected"}, "sensitive_objects": []}
    with pytest.raises(ConfigError, match="hide nothing"):
        complete({**config, "groups": {"cup": {"objects": ["cup"], "colour": [0, 0, 255]}}})
    complete({**config, "clips": {"of": "masks"}})


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"clips": {"step_min": 3, "step_max": 2}}, ("clips.step_max", "3")),
        ({"clips": {"size": [64]}}, ("clips.size", "pixels")),
        ({"clips": {"size": [64, 36, 3]}}, ("clips.size", "pixels")),
        ({"clips": {"size": 0}}, ("clips.size", "pixels")),
        ({"clips": {"frames": 0}}, ("clips.frames", "pictures a clip")),
        ({"clips": {"formats": []}}, ("clips.formats",)),
        ({"clips": {"of": "raw"}}, ("clips.of",)),
        ({"clips": {"split": {"test_share": 2}}}, ("clips.split.test_share", "0..1")),
        ({"clips": {"colour": 1}}, ("clips.colour", "possible")),
        ({"clips": {"of": "protected"}, "detect": {"every": 2}, "tracks": {"enabled": False}}, ("detect.every",)),
        ({"clips": {"rate": 0}}, ("clips.rate",)),
        ({"clips": {"frames": 1000, "size": 1024}}, ("3.1 GB", "size")),
    ],
)
def test_what_is_impossible_is_said_before_any_job(config, said):
    with pytest.raises(ConfigError) as error:
        complete({**CONFIG, **config})
    assert all(word in str(error.value) for word in said)
