import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from objmask.config.config import check_objects, complete, hiding_of, palette_of
from objmask.config.json_schema import said_of, the_schema
from objmask.config.models import counting_of, model_names, models_of, notes_of
from objmask.detections.counting import Counting
from objmask.errors import ConfigError, ModelError
from objmask.models.coco import COCO_NAMES
from objmask.models.info import ModelInfo

ROOT = Path(__file__).parents[3]
GIVEN = {"videos": "videos", "models": ["m.tflite"]}


def refused(config, *words):
    with pytest.raises(ConfigError) as caught:
        complete({**GIVEN, **config})
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


def model(name, classes=COCO_NAMES):
    ids = {label: i for i, label in enumerate(classes)}
    return ModelInfo(name, "yolo", "x", "0", "x", tuple(classes), ids, 640, 640)


def test_the_schema_is_a_the_schema():
    Draft202012Validator.check_schema(the_schema())


def objects_in(part, where="config"):
    if isinstance(part, dict):
        if "object" in part.get("type", ()):
            yield where, part
        for key, value in part.items():
            if key != "default":
                yield from objects_in(value, f"{where}.{key}")
    elif isinstance(part, list):
        for i, value in enumerate(part):
            yield from objects_in(value, f"{where}[{i}]")


def test_the_schema_lets_no_typo_through_anywhere():
    found = dict(objects_in(the_schema()))
    assert len(found) >= 9
    free = ("config.properties.models", "config.properties.groups", "config.properties.rotate.oneOf[1]")
    for where, part in found.items():
        names_are_free = where in free
        assert part["additionalProperties"] is False or names_are_free, where
        if names_are_free:
            assert isinstance(part["additionalProperties"], dict), where


def settings_in(part, where=""):
    for name, inner in part.get("properties", {}).items():
        yield f"{where}{name}", inner
        yield from settings_in(inner, f"{where}{name}.")


def test_every_setting_says_what_it_is():
    """What stands below it in the source, which a file without its source would have lost."""
    assert [where for where, part in settings_in(the_schema()) if not said_of(part)] == []


def test_config_yaml_shows_the_defaults():
    shown = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    defaults = complete(GIVEN)
    own = {"videos", "models"}
    assert {k: v for k, v in shown.items() if k not in own} == {k: v for k, v in defaults.items() if k not in own}
    assert own <= shown.keys()


@pytest.mark.parametrize("path", [ROOT / "config.yaml", *sorted((ROOT / "workflow/examples").glob("*.yaml"))])
def test_the_examples_are_valid(path):
    complete({**GIVEN, **yaml.safe_load(path.read_text(encoding="utf-8"))})


def test_defaults_are_those_of_the_design():
    config = complete(GIVEN)
    assert config["device"] == "auto"
    assert config["window"] == {"start_s": None, "end_s": None}
    assert (config["detect"]["floor"], config["detect"]["max_per_frame"], config["detect"]["every"]) == (0.05, 100, 1)
    assert (config["masks"]["score"], config["masks"]["threshold"]) == (0.3, 0.5)
    assert (config["privacy"]["score"], config["privacy"]["large_score"], config["privacy"]["threshold"]) == (
        0.1,
        0.3,
        0.1,
    )
    assert config["privacy"]["audio"] == "drop"
    palette = palette_of(config)
    assert len(palette.groups) == 8
    assert palette.hidden(config["sensitive_objects"]) == {
        "person", "tv", "laptop", "toilet", "keyboard", "cell phone", "book", "face", "hand", "text",
    }  # fmt: skip
    colours = {name: palette.groups[k - 1].colour for name, k in palette.index_of.items()}
    assert colours["microwave"] != colours["book"]


def test_what_is_given_is_kept_and_the_rest_filled():
    config = complete(
        {**GIVEN, "privacy": {"style": "solid"}, "groups": {"a": {"objects": ["cup"], "colour": [1, 2, 99]}}}
    )
    assert config["privacy"]["style"] == "solid"
    assert config["privacy"]["hold"] == "0.5 s"
    assert config["groups"] == {"a": {"objects": ["cup"], "colour": [1, 2, 99]}}


@pytest.mark.parametrize("empty", [{"privacy": None}, {"detect": {"floor": None}}, {"groups": None}, {"outputs": None}])
def test_null_means_the_default(empty):
    assert complete({**GIVEN, **empty}) == complete(GIVEN)


def test_nothing_given_is_changed():
    given = {"videos": "v", "models": ["m"], "detect": {}, "groups": {"a": {"objects": ["cup"], "colour": [1, 2, 99]}}}
    before = yaml.safe_dump(given)
    complete(given)
    assert yaml.safe_dump(given) == before


def test_two_configs_do_not_share_their_defaults():
    complete(GIVEN)["outputs"].append("detections")
    assert "detections" not in complete(GIVEN)["outputs"]


def test_model_is_short_for_models():
    assert complete({"videos": "v", "model": "a.tflite"})["models"] == ["a.tflite"]
    config = complete({"videos": "v", "models": ["m"], "model": "a.tflite"})
    assert config["models"] == ["a.tflite"]
    assert "model" not in config
    assert complete({"videos": "v", "models": ["m"], "model": None})["models"] == ["m"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"outputs": "masks"}, {"outputs": ["masks"]}),
        ({"outputs": " masks, coverage,"}, {"outputs": ["masks", "coverage"]}),
        ({"outputs": "painted, hidden"}, {"outputs": ["painted", "hidden"]}),
        ({"models": "a, b.tflite"}, {"models": ["a, b.tflite"]}),
        ({"clips": {"formats": "npz,png"}}, {"clips": {"formats": ["npz", "png"]}}),
        ({"clips": {"split": {"test_subjects": "p1"}}}, {"clips": {"split": {"test_subjects": ["p1"]}}}),
        ({"masks": {"models": "m"}}, {"masks": {"models": ["m"]}}),
        ({"sensitive_objects": "wine glass"}, {"sensitive_objects": ["wine glass"]}),
        (
            {"groups": {"a": {"objects": "cup", "colour": [1, 2, 99]}}},
            {"groups": {"a": {"objects": ["cup"], "colour": [1, 2, 99]}}},
        ),
    ],
)
def test_a_text_where_a_list_belongs(given, meant):
    assert complete({**GIVEN, **given}) == complete({**GIVEN, **meant})


def test_other_texts_stay_texts():
    refused({"clips": {"size": "big"}}, "clips.size", "'big'")
    refused({"outputs": ","}, "outputs", "[]")


def test_a_folder_whose_name_is_a_number():
    assert complete({"videos": 2024, "model": 7})["videos"] == "2024"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"video_folder": "x"}, ["video_folder", "videos"]),
        ({"privacy": {"colour": 1}}, ["privacy.colour", "style"]),
        ({"modle": "a.tflite"}, ["'modle'; did you mean 'models'?", "possible: audit, clips"]),
        ({"privacy": {"stlye": "blur"}}, ["'privacy.stlye'; did you mean 'style'?"]),
        ({"masks.score": 0.5}, ["unknown key 'masks.score'", "masks: {score: …}"]),
        ({"video": "/path"}, ["video: '/path'", "did you mean 'videos'?"]),
        ({"masks": 0.5}, ["masks: 0.5", "--config 'masks={score: …}'"]),
        ({"groups": {"a": {"objects": ["cup"], "color": [1, 2, 3]}}}, ["groups.a"]),
        ({1: 2, "x": 3}, ["unknown key"]),
        ({"videos": None}, ["videos is missing"]),
        ({"models": None}, ["models is missing", "--config model="]),
        ({"models": []}, ["models"]),
        ({"models": ["a", "a"]}, ["models"]),
        ({"models": {"bad name/": "a"}}, ["models"]),
        ({"device": "cuda"}, ["device", "cuda", "gpu"]),
        ({"outputs": ["mask"]}, ["outputs", "mask"]),
        ({"outputs": []}, ["outputs"]),
        ({"outputs": ["masks", "masks"]}, ["outputs"]),
        ({"detect": 5}, ["detect"]),
        ({"detect": {"floor": "0.5"}}, ["detect.floor"]),
        ({"detect": {"floor": 0}}, ["detect.floor"]),
        ({"detect": {"chunk_frames": -1}}, ["detect.chunk_frames"]),
        ({"detect": {"chunk_frames": 1.5}}, ["detect.chunk_frames"]),
        ({"detect": {"every": True}}, ["detect.every"]),
        ({"masks": {"score": 1.1}}, ["masks.score"]),
        ({"masks": {"threshold": 1}}, ["masks.threshold"]),
        ({"masks": {"score": float("nan")}}, ["masks.score"]),
        ({"window": {"end_s": float("inf")}}, ["window.end_s"]),
        ({"privacy": {"strength": 9}}, ["privacy.strength"]),
        ({"privacy": {"zones": [[[0, 0], [1, 1]]]}}, ["privacy.zones", "at least three corners"]),
        ({"privacy": {"zones": [[[0, 0], [1, 1], [0, 2]]]}}, ["privacy.zones"]),
        ({"privacy": {"models": []}}, ["privacy.models"]),
        ({"video": {"preset": "placebo"}}, ["video.preset"]),
        ({"groups": {}}, ["groups"]),
        ({"groups": {"a": None}}, ["groups.a"]),
        ({"groups": {"background": {"objects": ["cup"], "colour": [99, 2, 3]}}}, ["background"]),
        ({"groups": {"a,b": {"objects": ["cup"], "colour": [99, 2, 3]}}}, ["a,b"]),
        ({"groups": {"a\nb": {"objects": ["cup"], "colour": [99, 2, 3]}}}, ["groups"]),
        ({"groups": {"a": {"objects": ["cup"]}}}, ["groups.a", "colour is missing"]),
        ({"groups": {"a": {"objects": ["cup"], "colour": [256, 2, 3]}}}, ["groups.a.colour"]),
        ({"groups": {"a": {"objects": [], "colour": [99, 2, 3]}}}, ["groups.a.objects"]),
        ({"groups": {"a": {"objects": ["cup"], "colour": [9, 2, 3]}}}, ["clash"]),
        ({"detect": {"floor": 0.2}}, ["privacy.score", "detect.floor"]),
        ({"detect": {"floor": 0.08}, "masks": {"score": 0.07}}, ["masks.score", "detect.floor"]),
        ({"detect": {"every": 2}, "tracks": {"enabled": False}}, ["detect.every", "protected"]),
        ({"detect": {"every": 2}, "tracks": {"enabled": False}, "outputs": ["hidden"]}, ["detect.every", "leak"]),
        ({"window": {"start_s": 5, "end_s": 5}}, ["window", "end_s 5"]),
        ({"window": {"start_s": -1}}, ["window.start_s"]),
    ],
)
def test_what_makes_no_sense_is_one_line_that_names_the_key(config, words):
    refused(config, *words)


def test_a_group_whose_name_yaml_takes_for_a_number():
    refused({"groups": {2024: {"objects": ["cup"], "colour": [99, 2, 3]}}}, "2024")


def test_frames_may_be_left_out_where_nothing_is_protected():
    assert complete({**GIVEN, "detect": {"every": 5}, "outputs": ["masks"]})["detect"]["every"] == 5


@pytest.mark.parametrize("window", [{"start_s": 1.5}, {"end_s": 0.1}, {"start_s": 0, "end_s": 1}])
def test_windows_that_make_sense(window):
    assert complete({**GIVEN, "window": window})["window"] == {"start_s": None, "end_s": None} | window


def test_models_without_a_file_are_named(tmp_path):
    config = complete({**GIVEN, "models": [str(tmp_path / "no.tflite")]})
    with pytest.raises(ModelError, match=r"no\.tflite"):
        models_of(config)


@pytest.fixture
def graphs(tmp_path):
    """Two model folders with one name, in the smallest form that can be described: an empty frozen graph."""
    for parent in ("a", "b"):
        (tmp_path / parent / "net").mkdir(parents=True)
        (tmp_path / parent / "net" / "frozen_inference_graph.pb").write_bytes(bytes([10, 2, 10, 0]))
    return [str(tmp_path / parent / "net") for parent in ("a", "b")]


def test_two_models_of_one_name_need_names(graphs):
    with pytest.raises(ConfigError, match="two are named 'net'"):
        models_of(complete({**GIVEN, "models": graphs}))
    config = complete({**GIVEN, "models": dict(zip(("office", "faces"), graphs, strict=True))})
    assert list(models_of(config)) == ["office", "faces"]


def test_sections_name_models_that_are_there(graphs):
    config = complete({**GIVEN, "models": {"office": graphs[0]}, "privacy": {"models": ["faces"]}})
    with pytest.raises(ConfigError, match=r"privacy\.models: no model 'faces'; there are office"):
        models_of(config)


def test_what_a_model_does_not_know_is_said(graphs):
    name = "mask_rcnn_inception_v2_coco"
    config = complete({**GIVEN, "models": {"office": graphs[0], "far": name}})
    models = models_of(config)
    assert notes_of(config, models) == []
    models["office"] = replace(models["office"], note="knows little")
    assert notes_of(config, models) == ["model 'office': knows little"]


def test_a_folder_that_is_called_like_a_known_model(graphs, tmp_path, monkeypatch):
    """Whoever unpacked an archive here may mean that folder, and would wait for a download."""
    name = "mask_rcnn_inception_v2_coco"
    monkeypatch.chdir(tmp_path)
    shutil.move(graphs[0], name)
    config = complete({**GIVEN, "models": [name]})
    (note,) = notes_of(config, models_of(config))
    assert f"./{name}" in note
    config = complete({**GIVEN, "models": [f"./{name}"]})
    assert notes_of(config, models_of(config)) == []


def test_models_of_a_section_come_in_configured_order():
    models = {name: model(name) for name in ("b", "a", "c")}
    config = complete({**GIVEN, "masks": {"models": ["c", "b"]}})
    assert model_names(config, models, "masks") == ["b", "c"]
    assert model_names(config, models, "privacy") == ["b", "a", "c"]


def test_nothing_to_warn_of_with_a_coco_model():
    assert check_objects(complete(GIVEN), {"m": model("m")}) == []


def test_sensitive_objects_that_cannot_be_found_come_first():
    few = {"m": model("m", ["person", "cup"])}
    warnings = check_objects(complete(GIVEN), few)
    assert warnings[0].startswith("SENSITIVE")
    assert all(name in warnings[0] for name in ("toilet", "laptop", "book"))
    assert "person" not in warnings[0]
    assert any("'drink'" in warning and "bottle" in warning for warning in warnings[1:])
    unprotected = check_objects(complete({**GIVEN, "outputs": ["masks"]}), few)
    assert not any("SENSITIVE" in warning for warning in unprotected)


def test_only_the_models_of_a_section_count_for_it():
    models = {"all": model("all"), "cups": model("cups", ["cup"])}
    config = complete({**GIVEN, "privacy": {"models": ["cups"]}})
    (warning,) = check_objects(config, models)
    assert "person" in warning


def test_an_object_that_the_user_named_must_be_detectable():
    groups = {"drink": {"objects": ["cup", "dog"], "colour": [0, 0, 255]}}
    config = complete({**GIVEN, "groups": groups})
    with pytest.raises(ConfigError, match=r"groups\.drink.*dog"):
        check_objects(config, {"m": model("m", ["cup"])})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"groups": {"a": {"objects": ["cupp"], "colour": [0, 0, 255]}}}, r"groups\.a\.objects.*'cupp'.*'cup'"),
        ({"sensitive_objects": ["persn"]}, r"sensitive_objects.*'persn'.*'person'"),
    ],
)
def test_misspelt_objects(config, message):
    with pytest.raises(ConfigError, match=message):
        check_objects(complete({**GIVEN, **config}), {"m": model("m")})


def test_a_models_own_objects_are_known():
    config = complete({**GIVEN, "sensitive_objects": ["badge"]})
    warnings = check_objects(config, {"m": model("m", [*COCO_NAMES, "badge"])})
    assert warnings == []


def test_a_palette_of_one_s_own_still_hides_what_is_sensitive():
    config = complete({**GIVEN, "groups": {"people": {"objects": ["person"], "colour": [255, 255, 255]}}})
    assert {"person", "laptop", "keyboard"} <= palette_of(config).hidden(config["sensitive_objects"])


def test_protected_video_that_would_hide_nothing_is_refused():
    with pytest.raises(ConfigError, match="hide nothing"):
        complete({**GIVEN, "sensitive_objects": []})
    complete({**GIVEN, "sensitive_objects": [], "outputs": ["masks"]})
    complete({**GIVEN, "sensitive_objects": [], "privacy": {"whole_frame_when": "no_detection"}})


def own(**settings: object) -> dict:
    """A configuration of one model with settings of its own."""
    return {**GIVEN, "models": {"office": {"model": "demo", **settings}}}


def test_a_model_has_its_own_rhythm_and_scores():
    config = complete(own(every=5, score=0.2, tiles=2, objects="cup"))
    models = models_of(config)
    assert models["office"].tiles == 2
    counting = counting_of(config, models)
    assert counting == {"office": Counting(score=0.2, objects=frozenset({"cup"}))}
    hiding = hiding_of(config, counting)
    assert (hiding.of("office").score, hiding.of("office").objects) == (0.2, frozenset())
    assert (hiding.of("other").score, hiding.of("other").objects) == (0.1, hiding.objects)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"every": 0}, r"models\.office\.every: 0"),
        ({"evry": 2}, r"unknown key 'models\.office\.evry'; did you mean 'every'"),
        ({"score": 2}, r"models\.office\.score: 2"),
        ({"score": 0.01}, r"models\.office\.score: 0\.01 is below detect\.floor 0\.05"),
        ({"tiles": 9}, r"models\.office\.tiles: 9"),
        ({"size": 10}, r"models\.office\.size: 10"),
        ({"model": 3}, r"models\.office\.model: 3"),
    ],
)
def test_what_a_model_cannot_have_is_refused(settings, why):
    with pytest.raises(ConfigError, match=why):
        complete(own(**settings))


def test_a_rhythm_of_its_own_needs_tracks():
    config = {**own(every=5), "tracks": {"enabled": False}}
    with pytest.raises(ConfigError, match=r"models\.office\.every: a frame without inference would leak"):
        complete(config)


def test_a_size_that_a_file_fixes_is_refused():
    with pytest.raises(ModelError, match="leave size out"):
        models_of(complete(own(size=960)))


def test_an_object_that_a_model_does_not_know_is_refused():
    with pytest.raises(ConfigError, match=r"models\.office\.objects: unknown object 'cop'; did you mean 'cup'"):
        models_of(complete(own(objects=["cop"])))


def test_what_gives_no_masks_is_hidden_and_not_painted():
    faces = replace(model("faces", ["face"]), masks=False)
    config = complete({**GIVEN, "models": {"m": "a", "faces": "b"}})
    models = {"m": model("m"), "faces": faces}
    assert model_names(config, models, "masks") == ["m"]
    assert model_names(config, models, "privacy") == ["m", "faces"]
    assert check_objects(config, models) == []
    with pytest.raises(ConfigError, match="need masks, and faces gives none"):
        check_objects(config, {"faces": faces})
    asked = complete({**GIVEN, "masks": {"models": ["faces"]}})
    assert model_names(asked, models, "masks") == ["faces"]


def test_a_model_of_which_nothing_is_hidden_is_refused():
    faces = replace(model("faces", ["face"]), masks=False)
    config = complete({**GIVEN, "sensitive_objects": ["person"]})
    with pytest.raises(ConfigError, match="none of what 'faces' finds"):
        check_objects(config, {"m": model("m"), "faces": faces})


def test_objects_beyond_coco_are_known():
    named = {"groups": {"people": {"objects": ["person"], "colour": "white"}}, "sensitive_objects": ["person", "face"]}
    (warning,) = check_objects(complete({**GIVEN, **named}), {"m": model("m")})
    assert warning.endswith("no model used for privacy can detect: face")
