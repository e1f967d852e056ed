"""Hands and forearms: bones with flesh around them, bent as the hand's work asks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from objmask.scene.content import Colour, colour
from objmask.scene.families import Split, family
from objmask.scene.geometry import Pose, Vector, unit, vector
from objmask.scene.item import Item
from objmask.scene.limbs import Capsule, Limbs

_KNUCKLES = ((-0.030, 0.086, 0.0), (-0.010, 0.092, 0.003), (0.011, 0.087, 0.001), (0.030, 0.077, -0.004))
_LENGTHS = (0.074, 0.083, 0.076, 0.060)
_THICKNESS = (0.0098, 0.0100, 0.0095, 0.0085)
_BONES = (0.46, 0.31, 0.23)
_SKINS: tuple[Colour, ...] = (
    (236, 196, 172),
    (224, 178, 148),
    (206, 158, 124),
    (178, 128, 94),
    (140, 96, 68),
    (98, 66, 48),
)


@dataclass(frozen=True)
class Grip:
    """How the fingers are bent.

    Attributes:
        curl: radians by which each of the three joints bends, index to little finger.
        spread: radians between neighbouring fingers.
        thumb: radians by which the thumb lies off the hand, and by which it bends under it.
    """

    curl: tuple[float, float, float, float]
    spread: float
    thumb: tuple[float, float]


TYPING = Grip((0.42, 0.45, 0.45, 0.5), 0.07, (0.55, 0.3))
RESTING = Grip((0.2, 0.22, 0.24, 0.3), 0.1, (0.7, 0.15))
POINTING = Grip((0.08, 0.75, 0.8, 0.85), 0.03, (0.5, 0.5))
HOLDING = Grip((0.62, 0.64, 0.66, 0.68), 0.04, (0.5, 0.75))
FLAT_HOLD = Grip((0.3, 0.32, 0.32, 0.34), 0.09, (0.35, 0.6))


@dataclass(frozen=True)
class Look:
    """Skin and sleeve of a person; both arms share it.

    Attributes:
        skin: RGB.
        sleeve: RGB, or None for bare arms.
        stripe: RGB of the sleeve's stripes or cuff, or None.
        bare: share of the forearm that the sleeve leaves free, from the wrist.
        scale: of the hands, 1 = medium.
    """

    skin: Colour
    sleeve: Colour | None
    stripe: Colour | None
    bare: float
    scale: float

    @classmethod
    def random(cls, split: Split, rng: np.random.Generator) -> Look:
        """A person."""
        name = family("sleeve", split, rng)
        sleeve = None if name == "none" else colour(rng)
        stripe = colour(rng) if name in ("striped", "cuffed", "banded") else None
        return cls(
            colour(rng, _SKINS, 7), sleeve, stripe, float(rng.uniform(0.05, 0.4)), float(rng.uniform(0.94, 1.12))
        )


@dataclass(frozen=True)
class Arm:
    """A forearm with its hand: two things, between which a held one is drawn.

    Attributes:
        behind: forearm, palm and fingers.
        before: the thumb.
        held: what lies in the hand, or None.
    """

    behind: Item
    before: Item
    held: Item | None = None

    def numbered(self, number: int) -> Arm:
        """The same arm as an instance."""
        return replace(self, behind=replace(self.behind, number=number), before=replace(self.before, number=number))


def arm(
    look: Look, wrist: Vector, hand: Vector, elbow: Vector, grip: Grip, *, left: bool, held: Item | None = None
) -> Arm:
    """An arm in the room.

    Args:
        look: skin and sleeve.
        wrist: (3,) metres.
        hand: (3, 3), columns: across the hand, away from the thumb of a right one, along the fingers, out of its back.
        elbow: (3,) metres.
        grip: how the fingers are bent.
        left: whether it is a left hand.
        held: what it holds.
    """
    pose = Pose(hand * np.array([-1.0 if left else 1.0, 1.0, 1.0]) * look.scale, wrist)
    tone = tuple(float(c) for c in look.skin)
    flesh = [_moved(piece, pose, look.scale) for piece in (*_palm(tone), *_fingers(grip, tone))]
    thumb = [_moved(piece, pose, look.scale) for piece in _thumb(grip, tone)]
    fore = _forearm(look, wrist, elbow, tone)
    if held is None:
        return Arm(_item((*fore, *flesh, *thumb)), _item(()))
    return Arm(_item((*fore, *flesh)), _item(thumb), held)


def frame_of(along: Vector, out: Vector) -> Vector:
    """(3, 3) a hand's axes, from the direction of its fingers and, roughly, that out of its back."""
    y = unit(along)
    z = unit(out - (out @ y) * y)
    return np.stack([np.cross(y, z), y, z], axis=1)


def _item(pieces: object) -> Item:
    capsules = tuple(pieces)  # type: ignore[arg-type, var-annotated]
    parts = (Limbs(capsules, melt=0.75, shine=0.07),) if capsules else ()
    return Item("person", parts, (0.1, 0.2, 0.05))


def _moved(piece: Capsule, pose: Pose, scale: float) -> Capsule:
    return Capsule(
        pose.point(piece.start),
        pose.point(piece.end),
        piece.start_radius * scale,
        piece.end_radius * scale,
        piece.colour,
        piece.stripe,
        piece.stripes,
    )


def _palm(tone: tuple[float, ...]) -> list[Capsule]:
    colour_ = (tone[0], tone[1], tone[2])
    root = [vector(x * 0.55, 0.006, -0.004) for x, _, _ in _KNUCKLES]
    return [Capsule(a, np.array(b), 0.0185, 0.0135, colour_) for a, b in zip(root, _KNUCKLES, strict=True)]


def _fingers(grip: Grip, tone: tuple[float, ...]) -> list[Capsule]:
    pieces = []
    colour_ = (tone[0], tone[1], tone[2])
    nail = (min(tone[0] * 1.06 + 8, 255), min(tone[1] * 1.04 + 6, 255), min(tone[2] * 1.05 + 8, 255))
    for number, (knuckle, length, thick, curl) in enumerate(
        zip(_KNUCKLES, _LENGTHS, _THICKNESS, grip.curl, strict=True)
    ):
        aside = (number - 1.5) * grip.spread
        at, bent = np.array(knuckle), 0.0
        for joint, share in enumerate(_BONES):
            bent += curl * (1.0 if joint < 2 else 0.7)
            way = vector(math.sin(aside) * math.cos(bent), math.cos(aside) * math.cos(bent), -math.sin(bent))
            end = at + way * length * share
            thin = thick * (1 - 0.1 * joint)
            pieces.append(Capsule(at, end, thin, thin * 0.9, colour_))
            at = end
        out = vector(0, math.sin(bent), math.cos(bent))
        pieces.append(
            Capsule(
                at - way * 0.006 + out * thin * 0.55, at + way * 0.001 + out * thin * 0.5, thin * 0.6, thin * 0.55, nail
            )
        )
    return pieces


def _thumb(grip: Grip, tone: tuple[float, ...]) -> list[Capsule]:
    colour_ = (tone[0], tone[1], tone[2])
    off, under = grip.thumb
    at = vector(-0.022, 0.022, -0.008)
    pieces = []
    for length, thick, turn in ((0.042, 0.0155, 1.0), (0.034, 0.0115, 0.55), (0.027, 0.0105, 0.25)):
        way = unit(vector(-math.sin(off * turn), math.cos(off * turn), -math.sin(under) * 0.8))
        pieces.append(Capsule(at, at + way * length, thick, thick * 0.88, colour_))
        at = at + way * length
    return pieces


def _forearm(look: Look, wrist: Vector, elbow: Vector, tone: tuple[float, ...]) -> list[Capsule]:
    skin = (tone[0], tone[1], tone[2])
    scale = look.scale
    pieces = [Capsule(wrist, elbow, 0.024 * scale, 0.042 * scale, skin)]
    if look.sleeve is not None:
        start = wrist + (elbow - wrist) * look.bare
        cloth = tuple(float(c) for c in look.sleeve)
        stripe = None if look.stripe is None else tuple(float(c) for c in look.stripe)
        pieces.append(
            Capsule(start, elbow, 0.036 * scale, 0.056 * scale, cloth, stripe, 6.0)  # type: ignore[arg-type]
        )
    return pieces
