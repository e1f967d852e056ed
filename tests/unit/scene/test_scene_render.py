"""Rendered scenes: the same bytes for the same seed, splits that share nothing, a truth that covers the picture."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from objmask.models.coco import OFFICE_NAMES
from objmask.scene.canvas import Canvas, Light
from objmask.scene.families import FAMILIES
from objmask.scene.film import Film
from objmask.scene.geometry import Camera, Pose, clip_near, vector
from objmask.scene.item import Item
from objmask.scene.motion import ACTIVITIES, clip
from objmask.scene.quads import Quad, plain
from objmask.scene.render import Shot, draw
from objmask.scene.room import Room
from objmask.scene.turned import Turned
from objmask.scene.world import render_still

SIZE = {"width": 96, "height": 54}


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_same_seed_gives_the_same_bytes(split: str) -> None:
    a, b = (render_still(3, split=split, index=5, **SIZE) for _ in range(2))
    assert a.picture.tobytes() == b.picture.tobytes()
    assert a.instances.tobytes() == b.instances.tobytes()
    assert a.objects == b.objects


def test_seed_index_and_split_each_change_the_scene() -> None:
    arguments = [(3, "train", 0), (4, "train", 0), (3, "train", 1), (3, "test", 0)]
    pictures = {render_still(s, split=split, index=i, **SIZE).picture.tobytes() for s, split, i in arguments}
    assert len(pictures) == 4


def test_splits_share_no_family() -> None:
    for kind, families in FAMILIES.items():
        assert not set(families["train"]) & set(families["test"]), kind
        assert families["train"], kind
        assert families["test"], kind


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="train, test"):
        render_still(0, split="val", **SIZE)


@pytest.mark.parametrize(("width", "height"), [(16, 16), (97, 55), (40, 90)])
def test_any_size_works(width: int, height: int) -> None:
    for index in range(4):
        rendered = render_still(1, split="test", width=width, height=height, index=index)
        assert rendered.picture.shape == (height, width, 3)
        assert rendered.picture.dtype == np.uint8
        assert rendered.instances.shape == (height, width)
        assert rendered.instances.dtype == np.int32


def test_every_class_appears_and_nothing_but_objects_is_numbered() -> None:
    seen: set[str] = set()
    for index in range(40):
        rendered = render_still(2, split="train", index=index, **SIZE)
        numbers = [number for number, _ in rendered.objects]
        assert len(set(numbers)) == len(numbers)
        names = dict(rendered.objects)
        for number, pixels in rendered.visible().items():
            assert pixels <= rendered.silhouettes[number]
            seen.add(names[number])
    assert seen == set(OFFICE_NAMES)


def _shot(*items: Item) -> Shot:
    camera = Camera.looking(vector(0, -1, 0.4), 0, -0.2, 0, 1.0, (120, 90))
    floor = Quad(vector(-2, 3, 0), vector(4, 0, 0), vector(0, -6, 0), plain((120, 120, 120)))
    room = Room((Item("", (floor,), (0, 0, 0)),), -2, 2, -3, 3)
    return Shot(camera, room, items, (), Light())


def _wall(colour: tuple[int, int, int], at_y: float, number: int) -> Item:
    quad = Quad(vector(-0.2, 0, 0.3), vector(0.4, 0, 0), vector(0, 0, -0.3), plain(colour))
    return Item("book", (quad,), (0.4, 0.0, 0.3), pose=Pose.at(0, at_y), number=number)


def test_an_object_s_colour_changes_its_own_pixels_only() -> None:
    a, b = (draw(_shot(_wall(colour, 0, 7))) for colour in ((250, 0, 0), (0, 0, 250)))
    changed = np.abs(a.colour - b.colour).max(2)
    inside = a.instances == 7
    assert inside.sum() > 400
    # At least half of a pixel of the mask is the object's, less than half of any other.
    assert (changed[inside] > 0.49 * changed.max()).all()
    assert changed[~inside].max() < 0.51 * changed.max()
    grown = np.pad(inside, 1)
    near = grown[:-2, 1:-1] | grown[2:, 1:-1] | grown[1:-1, :-2] | grown[1:-1, 2:]
    near |= grown[:-2, :-2] | grown[2:, 2:] | grown[:-2, 2:] | grown[2:, :-2]
    assert changed[~inside & ~near].max() < 1


def test_the_nearer_object_hides_the_farther_whatever_their_order() -> None:
    near, far = _wall((250, 0, 0), 0.0, 1), _wall((0, 0, 250), 0.4, 2)
    for items in itertools.permutations((near, far)):
        canvas = draw(_shot(*items))
        whole = canvas.silhouettes[2]
        assert (canvas.instances[canvas.silhouettes[1]] == 1).all()
        assert 0 < (canvas.instances == 2).sum() < whole.sum()


def test_a_turned_solid_s_outline_is_that_of_its_profile() -> None:
    camera = Camera.looking(vector(0, -2, 0.1), 0, 0, 0, 0.5, (200, 200))
    canvas = Canvas(camera, Light())
    cylinder = Turned(np.array([[0.1, 0.0], [0.1, 0.2]]), plain((200, 60, 60)))
    cylinder.draw(canvas, Pose.at(0, 0), 4)
    rows, columns = np.nonzero(canvas.instances == 4)
    # A cylinder's outline is where the rays touch it: at r / sqrt(d^2 - r^2) of the focal length.
    wide = 2 * camera.focal_px * 0.1 / np.sqrt(2**2 - 0.1**2)
    high = camera.focal_px * 0.2 / 1.9
    assert columns.max() - columns.min() + 1 == pytest.approx(wide, abs=1.5)
    assert rows.max() - rows.min() + 1 == pytest.approx(high, abs=1.5)


def test_what_is_behind_the_camera_is_cut_off() -> None:
    triangle = np.array([[0, 0, 1.0], [1, 0, 1.0], [0, 0, -1.0]])
    cut = clip_near(triangle)
    assert cut.shape == (4, 3)
    assert (cut[:, 2] > 0.03).all()
    assert clip_near(triangle * [1, 1, -0.001]).shape == (0, 3)


def test_film_leaves_the_truth_alone_and_shows_its_settings() -> None:
    rng = np.random.default_rng(0)
    grey = np.full((60, 80, 3), 100, np.float32)
    kept = grey.copy()
    plain_film = Film(np.ones(3, np.float32), 1.0, 1.0, (0, 0), 0.0, 0.0, (0, 0), 0.0)
    assert np.abs(plain_film.expose(grey, rng).astype(int) - 100).max() <= 1
    noisy = replace(plain_film, noise=4.0).expose(grey, rng).astype(float)
    assert 3 < noisy.std() < 6
    assert (grey == kept).all()


@pytest.mark.parametrize("activity", ACTIVITIES)
def test_clips_move_and_repeat(activity: str) -> None:
    def frames() -> list[bytes]:
        return [r.picture.tobytes() for r in clip(1, "test", 64, 36, 6, 6, activity=activity)]

    first = frames()
    assert len(set(first)) == 6
    assert frames() == first


def test_a_clip_is_made_as_it_is_read_and_keeps_its_ids() -> None:
    endless = clip(1, "test", 64, 36, 4, 10**9, activity="drinking")
    names = {r.objects for r in itertools.islice(endless, 2)}
    assert len(names) == 1
    objects = [dict(r.objects) for r in clip(1, "test", 64, 36, 4, 12, activity="drinking")]
    assert all(names == objects[0] for names in objects)


def test_a_drinking_hand_lifts_the_cup() -> None:
    frames = list(clip(0, "test", 96, 54, 4, 20, activity="drinking"))
    cups = [number for number, name in frames[0].objects if name == "cup"]
    shown = [max(r.visible().get(number, 0) for number in cups) for r in frames]
    assert max(shown[8:13]) > 1.5 * shown[0]


def test_an_unknown_activity_is_refused() -> None:
    with pytest.raises(ValueError, match="typing, drinking, kitchen"):
        next(clip(0, "test", 32, 32, 5, 1, activity="sleeping"))
