"""What of a frame counts as a leak."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_detail import protect, textured

from objmask.audit.leaks import Auditor, AuditSettings
from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections
from objmask.detections.counting import Counting
from objmask.hidden.decide import to_hide

SETTINGS = AuditSettings(Hiding(objects=frozenset({"person", "book"})), 0.05, 0.1, 10)
LEFT, RIGHT = (0.2, 0.1, 0.8, 0.4), (0.2, 0.6, 0.8, 0.9)
WIDTH, HEIGHT = 160, 120
PICTURE = textured(WIDTH, HEIGHT)
HIDDEN = protect(PICTURE, "blur", LEFT)


def seen(*items: tuple[str, float, tuple[float, float, float, float]]) -> Detections:
    return Detections(
        np.array([score for _, score, _ in items], np.float32),
        tuple(name for name, _, _ in items),
        np.array([box for _, _, box in items], np.float32).reshape(-1, 4),
        (np.full((8, 8), 255, np.uint8),) * len(items),
    )


def judge(first=None, again=None, protected=HIDDEN, source=PICTURE):
    found = [] if again is None else [("net", again)]
    hidden = to_hide(first or Detections.empty(), SETTINGS.hiding)
    return Auditor(SETTINGS, HEIGHT, WIDTH).judge(source, protected, hidden, found)


def test_what_was_found_and_is_hidden_is_no_leak():
    frame = judge(seen(("person", 0.9, LEFT)))
    assert frame.leaks == ()
    assert (frame.plain, frame.silhouettes) == (0, 0)
    assert 0 < frame.other_lost < 0.2 * frame.other


def test_what_was_found_and_is_not_hidden_is_one():
    [leak] = judge(seen(("person", 0.9, LEFT), ("book", 0.3, RIGHT))).leaks
    assert (leak.kind, leak.name, leak.sure) == ("uncovered", "book", True)
    assert leak.box == pytest.approx(RIGHT)
    assert leak.shown > 0.95


@pytest.mark.parametrize("item", [("cup", 0.9, RIGHT), ("person", 0.09, RIGHT)])
def test_what_was_not_to_be_hidden_is_none(item):
    assert judge(seen(item)).leaks == ()
    assert judge(again=seen(("cup", 0.9, RIGHT))).leaks == ()


def test_what_was_found_as_something_sensitive_was_to_be_hidden():
    doubtful = replace(seen(("cup", 0.9, RIGHT)), found_as=("book",))
    assert len(judge(doubtful).leaks) == 1


def test_what_only_its_track_makes_sure_was_to_be_hidden_with_support_alone():
    """What was not to be hidden because it is large, and hardly scored near in time, leaks nothing."""
    for score, leaks in ((0.15, 0), (0.35, 1)):
        raised = replace(seen(("person", score, (0.1, 0.5, 0.9, 1.0))), found_scores=(0.06,), track_ids=(1,))
        assert len(judge(raised).leaks) == leaks


def test_found_again_in_the_open_is_a_leak_from_the_score_on():
    [sure, doubtful] = judge(again=seen(("person", 0.1, RIGHT), ("book", 0.06, RIGHT))).leaks
    assert (sure.kind, sure.name, sure.sure) == ("found", "person", True)
    assert (doubtful.name, doubtful.sure) == ("book", False)
    assert judge(again=seen(("person", 0.04, RIGHT))).leaks == ()


def test_found_again_where_it_is_hidden_is_a_silhouette():
    frame = judge(again=seen(("person", 0.9, LEFT)))
    assert frame.leaks == ()
    assert frame.silhouettes == 1


def test_an_object_half_hidden_is_a_leak():
    [leak] = judge(seen(("person", 0.9, (0.2, 0.2, 0.8, 0.6)))).leaks
    assert 0.2 < leak.shown < 0.8


def test_a_plain_object_is_counted_as_such():
    grey = np.full_like(PICTURE, 90)
    frame = judge(seen(("person", 0.9, LEFT)), seen(("person", 0.9, RIGHT)), grey, grey)
    assert frame.leaks == ()
    assert frame.plain == 2
    assert frame.other_lost == 0


@pytest.mark.parametrize("box", [(0, 0, 1, 1), (0.999, 0.999, 1, 1), (0, 0, 0.001, 0.001), (0.5, 0, 0.501, 1)])
def test_boxes_of_any_kind(box):
    for protected in (PICTURE, HIDDEN):
        judge(seen(("person", 0.9, box)), seen(("person", 0.9, box)), protected)


def test_worse_is_more_of_a_larger_object_by_a_surer_detection():
    [leak] = judge(seen(("person", 0.9, RIGHT))).leaks
    for change in ({"score": 0.5}, {"shown": 0.5}, {"box": (0.2, 0.6, 0.5, 0.9)}):
        assert replace(leak, **change).severity < leak.severity


def test_a_model_of_its_own_score_is_judged_by_that():
    settings = replace(SETTINGS, hiding=Hiding(objects=frozenset({"person"}), models={"eyes": Counting(score=0.6)}))
    assert (settings.bars("eyes"), settings.bars("net")) == ((0.6, 0.6), (0.05, 0.1))
    auditor = Auditor(settings, HEIGHT, WIDTH)

    def judged(model, score):
        found = seen(("person", score, RIGHT))
        return [leak.sure for leak in auditor.judge(PICTURE, HIDDEN, Detections.empty(), [(model, found)]).leaks]

    assert (judged("eyes", 0.6), judged("eyes", 0.5), judged("eyes", 0.2)) == ([True], [], [])
    assert (judged("net", 0.2), judged("net", 0.06)) == ([True], [False])
