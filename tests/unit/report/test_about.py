"""What the report is told of a run: everything that decides it, and nothing of where it was made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from objmask.config.config import complete
from objmask.config.models import models_of
from objmask.models.source import ModelSource
from objmask.report.about import about
from objmask.report.contrast import PAPER, SCREEN, contrast, readable


def told(**config):
    places = {"videos": "/secret/place", "mirror": "/secret/mirror", "evaluation": {"annotations": "/secret/truth"}}
    config = complete({**places, "models": ["demo"], **config})
    return about(config, models_of(config), {"demo": ModelSource.of("demo")}, ["a note"])


def test_it_names_no_place():
    text = json.dumps(told())
    assert "secret" not in text
    assert str(Path(__file__).parents[3]) not in text


def test_settings_are_complete_and_in_one_order():
    settings = told()["settings"]
    assert settings["privacy"]["strength"] == 6
    assert settings["models"] == ["demo"]
    turned = told(video={"preset": "veryfast", "quality": 20}, detect={"every": 1, "batch": None})
    assert json.dumps(turned) == json.dumps(told())


def test_a_setting_of_leaks_counts_only_where_they_are_looked_for():
    assert "leak_pictures" not in told(report={"leak_pictures": True})["settings"]["report"]
    assert told(outputs=["report", "audit"])["settings"]["report"]["leak_pictures"] is False


def test_the_order_of_groups_is_the_user_s():
    groups = {
        name: {"objects": [name], "colour": colour} for name, colour in (("cup", [9, 99, 9]), ("book", [99, 9, 9]))
    }
    assert list(told(groups=groups)["settings"]["groups"]) == ["cup", "book"]


def test_a_model_s_card():
    [card] = told()["models"]
    assert (card["name"], card["source"], card["family"]) == ("demo", "demo", "tf_detection")
    assert "rendered" in card["note"]
    assert "laptop" in card["used"]
    assert len(card["sha256"]) == 64


def test_a_file_of_the_user_s_own_is_not_named_by_its_path(tmp_path):
    config = complete({"videos": "videos", "models": ["demo"]})
    [card] = about(config, models_of(config), {"demo": ModelSource(str(tmp_path), None)}, [])["models"]
    assert str(tmp_path) not in json.dumps(card)


@pytest.mark.parametrize("background", [PAPER, SCREEN])
@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 255), (255, 255, 0), (41, 41, 41), (0, 255, 0)])
def test_inks_can_be_seen(colour, background):
    seen = readable(colour, background)
    assert contrast(tuple(bytes.fromhex(seen[1:])), background) >= 3
