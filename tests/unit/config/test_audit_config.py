"""By which model protected video is searched, and from which scores on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from objmask.config.audit import audit_bars, audit_models_of, audit_notes, reads
from objmask.config.config import complete
from objmask.config.models import models_of
from objmask.errors import ConfigError, ModelError

SCREENS = {"screen": {"objects": ["tv"], "colour": [0, 0, 255]}}


def config(**sections: Any) -> dict[str, Any]:
    given = {"videos": "v", "models": {"one": "demo", "two": "demo"}, "outputs": ["audit"], **sections}
    return complete(given)


def searching(**sections: Any) -> list[str]:
    settings = config(**sections)
    return list(audit_models_of(settings, models_of(settings)))


def test_the_models_whose_objects_are_hidden_search_unless_one_is_named():
    assert searching() == ["one", "two"]
    assert searching(privacy={"models": ["two"]}) == ["two"]
    assert searching(audit={"model": "one"}) == ["one"]
    assert searching(audit={"model": "demo"}) == ["demo"]
    assert searching(outputs=["protected"], audit={"model": "no such model"}) == []


def test_a_model_that_is_none_or_has_another_s_name_is_refused():
    with pytest.raises(ModelError, match="no such model"):
        searching(audit={"model": "./nothing.tflite"})
    folder = str(Path(__file__).parents[3] / "objmask/models/demo")
    assert searching(models=["demo"], audit={"model": folder}) == ["demo"]
    with pytest.raises(ConfigError, match=r"audit.model: another model is named 'demo'"):
        searching(models={"demo": "mask_rcnn_inception_v2_coco"}, audit={"model": folder})


def test_a_model_that_sees_nothing_of_what_is_hidden_audits_nothing():
    """It would call every video clean."""
    only = {"sensitive_objects": ["toilet"], "groups": {"cup": {"objects": ["cup"], "colour": [0, 0, 255]}}}
    with pytest.raises(ConfigError, match=r"audit.model: 'demo' detects nothing of what is hidden \(toilet\)"):
        searching(**only, audit={"model": "demo"})
    zones = {"zones": [[[0, 0], [1, 0], [1, 1]]]}
    assert searching(sensitive_objects=[], privacy=zones, audit={"model": "demo"}) == ["demo"]


def test_what_the_model_of_the_audit_cannot_see_is_said():
    def notes(**sections: Any) -> list[str]:
        settings = config(**sections)
        return audit_notes(settings, audit_models_of(settings, models_of(settings)))

    assert notes(audit={"model": "demo"}) == ["SENSITIVE objects that audit.model cannot detect: toilet"]
    assert notes() == notes(outputs=["protected"], audit={"model": "demo"}) == []


def test_words_are_read_where_a_model_hides_text():
    def read(models: dict[str, str], **sections: Any) -> tuple[bool, list[str]]:
        settings = config(models=models, **sections)
        infos = models_of(settings)
        return reads(settings, infos), list(audit_models_of(settings, infos))

    things, both = {"things": "demo"}, {"things": "demo", "words": "text"}
    assert read(both) == (True, ["things"])  # the reader searches in the place of what hid the text
    assert read({"words": "text"}) == (True, ["words"])
    assert read(things) == (False, ["things"])
    assert read(both, sensitive_objects=["person"], groups=SCREENS, outputs=["audit", "detections"])[0] is False
    assert read(both, privacy={"models": ["things"]}, outputs=["audit", "detections"])[0] is False
    assert read(things, audit={"read": True}) == (True, ["things"])
    assert read(both, audit={"read": False}) == (False, ["things", "words"])
    assert read(both, outputs=["protected"]) == (False, [])


def test_bars_follow_what_is_hidden():
    assert audit_bars(config()) == (0.05, 0.1)
    assert audit_bars(config(privacy={"score": 0.4})) == (0.2, 0.4)
    assert audit_bars(config(audit={"floor": 0.3})) == (0.3, 0.3)
    assert audit_bars(config(audit={"floor": 0.01, "score": 0.5})) == (0.01, 0.5)
    with pytest.raises(ConfigError, match=r"audit.score: 0.1 is below audit.floor 0.2"):
        searching(audit={"floor": 0.2, "score": 0.1})


def test_video_is_protected_for_its_audit():
    with pytest.raises(ConfigError, match="would hide nothing"):
        config(sensitive_objects=[])
