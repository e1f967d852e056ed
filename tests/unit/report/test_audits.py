"""What the report says of audits: who leaks, the worst moments, and no picture of a leak that nobody asked for."""

from __future__ import annotations

import json

import pytest
from test_page import SCRIPT, Parsed
from video_summaries import PIXEL, about, about_audits, audit, audited, hidden, noise, results, video_summary

from objmask.audit.turns import Turn, Turns
from objmask.errors import DataError
from objmask.report import audits as module
from objmask.report.all_videos import ReportedVideo
from objmask.report.audits import MOMENTS, STRETCHES, read_audits
from objmask.report.page import EMBED_BYTES, LEAKING, write_report


def page_of(folder, audits, told=None, video_summaries=None):
    videos = results(folder, {name: (video_summaries or {}).get(name, video_summary(0, points=4)) for name in audits})
    audited(folder, audits)
    write_report(videos, {}, told or about_audits(), folder, folder / "report.html")
    return Parsed((folder / "report.html").read_text(encoding="utf-8"))


def text_of(page):
    return " ".join(" ".join(part.split()) for part in page.shown if part.strip())


def with_protected(seed=0, **more):
    one = video_summary(seed, points=250, **more)
    for moment in one["moments"]:
        moment["pictures"]["protected"] = PIXEL
    return one


def test_videos_that_leak_come_first_worst_first(tmp_path):
    page = page_of(tmp_path, {"a": audit((88, 89)), "b": audit(others=2), "c": audit((5, 5), (88, 120))})
    said = text_of(page)
    assert "a : 2 leaking frames (2 of 1,000), longest 0.2 s from frame 88" in said
    assert "c : 34 leaking frames (34 of 1,000), longest 3.3 s from frame 88" in said
    assert said.index("34 leaking frames") < said.index("2 leaking frames (2") < said.index("Which objects fill")
    assert "b :" not in said
    assert "2 of 3 videos leak; 5 moments in all, 3 of them leaks, the rest to be looked at" in said
    assert "cannot see" in said


def test_without_leaks_it_says_so(tmp_path):
    page = page_of(tmp_path, {"a": audit(), "b": audit()})
    assert "Nothing to warn of." in text_of(page)
    assert "No leak was found in 2 videos; 0 moments in all, 0 of them leaks" in text_of(page)
    assert page.data("v0")["audit"]["sentence"] == "Audit: no leak found."
    assert not [1 for tag, a in page.elements if a.get("id") == "audit-moments-list"]


def test_videos_in_which_nothing_is_hidden_come_before_all_others_and_say_no_no_leak(tmp_path):
    shares = {"a": 0.6, "b": 0.0, "c": 1.0, "d": 0.021}
    audits = {name: audit(nothing=share) for name, share in shares.items()} | {"b": audit((5, 8))}
    video_summaries = {name: hidden(0, 0, nothing=share, points=4) for name, share in shares.items()}
    page = page_of(tmp_path, audits, video_summaries=video_summaries)
    said = text_of(page)
    worst = "Nothing hidden c : nothing at all is hidden in any of its 1000 frames"
    much = "Nothing hidden a : nothing at all is hidden in 600 of 1000 frames (60 %), the longest stretch from"
    assert said.index(worst) < said.index(much) < said.index("Leaks b :")
    assert "1 of 4 videos leaks, and nothing at all is hidden in long parts of 3" in said.replace(
        "video leaks", "videos leaks"
    )
    for k, name in enumerate(shares):
        sentence = page.data(f"v{k}")["audit"]["sentence"]
        assert ("nothing at all is hidden" in sentence) == bool(shares[name]), name
        assert "no leak found" not in sentence
    rows = {row["name"]: row for row in page.data("page")["videos"]}
    assert {name: row["audit"]["unhidden"] for name, row in rows.items()} == shares
    assert {name: row["unhidden"] for name, row in rows.items()} == shares
    assert rows["c"]["warnings"] == 1


def test_a_picture_that_lies_is_told_how_to_be_turned_and_one_that_does_not_is_not(tmp_path):
    finds = ((0, 0), (90, 8), (180, 0), (270, 1))
    right = Turns(8, 0, tuple(Turn(degrees, n, n, {"person": 2 * n} if n else {}) for degrees, n in finds))
    none = Turns(8, 0, tuple(Turn(degrees, 0, 0, {}) for degrees, _ in finds))
    audits = {name: audit(nothing=0.6, turns=turns) for name, turns in (("a/b", right), ("c", none), ("d", None))}
    page = page_of(tmp_path, audits, video_summaries={name: hidden(0, 0, nothing=0.6, points=4) for name in audits})
    told = (
        "turned by 90 degrees clockwise, 8 of 8 of these frames show what is to be hidden (16 x person): "
        'look at it, and set rotate: {"a/b": 90}'
    )
    tried = "8 of these frames were also tried turned by 90, 180 and 270 degrees, and no turn shows clearly more"
    for k, advice in enumerate((told, tried, "is the picture upright")):
        assert advice in page.data(f"v{k}")["audit"]["sentence"]
        assert text_of(page).count(advice) == 1


def test_a_video_that_is_kept_back_for_that_is_not_shown(tmp_path):
    video_summaries = {"a": with_protected(), "b": with_protected()}
    video_summaries["a"]["hidden"] = hidden(0, 0, nothing=1.0)["hidden"]
    told = about_audits(nothing_hidden="fail")
    page = page_of(tmp_path, {"a": audit(nothing=1.0), "b": audit()}, told, video_summaries)
    assert "Kept back a : nothing at all is hidden" in text_of(page)
    one, other = page.data("v0"), page.data("v1")
    assert "kept in quarantine/" in one["audit"]["sentence"]
    assert not [m for m in one["moments"] if "protected" in m["pictures"]]
    assert all("protected" in m["pictures"] for m in other["moments"])
    assert "protected" not in {player["kind"] for player in one["players"]}


def test_without_audits_there_is_not_a_word_of_them(tmp_path):
    videos = results(tmp_path, {"a": video_summary(0)})
    audited(tmp_path, {"a": audit((1, 2))})  # of an earlier run
    write_report(videos, {}, about(), tmp_path, tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Parsed(html)
    assert "audit" not in " ".join([*page.shown, json.dumps([page.data("page"), page.data("v0")])]).lower()
    assert "auditedVideos" not in html
    assert "audit-" not in html


def test_what_is_kept_back_is_named_and_not_played(tmp_path):
    told = about_audits(30)
    page = page_of(tmp_path, {"a": audit((88, 120)), "b": audit((88, 116), others=1, allowed=3)}, told)
    said = text_of(page)
    assert (
        "Kept back a : 33 leaking frames (33 of 1,000), longest 3.3 s from frame 88: above audit.fail_over 30" in said
    )
    assert "Leaks b : 29 leaking frames (29 of 1,000), longest 2.9 s from frame 88" in said
    assert said.count("Kept back") == 1
    assert [player["kind"] for player in page.data("v0")["players"]] == ["masks"]
    assert [player["kind"] for player in page.data("v1")["players"]] == ["masks", "protected"]
    assert [video["audit"]["kept"] for video in page.data("page")["videos"]] == [True, False]
    assert page.data("v0")["audit"]["sentence"].endswith("; kept in quarantine/.")
    assert page.data("v1")["audit"]["sentence"] == (
        "Audit: leaks in 29 of 1\u202f000 frames, longest 2.9 s from frame 88; 1 moment to look at; "
        "3 finds may be seen by corrections."
    )


def test_a_limit_of_none_leaking_keeps_back_what_leaks_once(tmp_path):
    page = page_of(tmp_path, {"a": audit((3, 3)), "b": audit(others=3)}, about_audits(0))
    assert [video["audit"]["kept"] for video in page.data("page")["videos"]] == [True, False]
    assert "1 leaking frame (1 of 1,000), longest 0.1 s" in text_of(page)


@pytest.mark.parametrize("pictures", [False, True])
def test_pictures_of_leaks_are_there_only_when_asked_for(tmp_path, pictures):
    shown = noise(33)
    given = {"a": audit((39, 41), (120, 120), others=1, picture=shown), "b": audit((7, 7), picture=shown)}
    video_summaries = {name: with_protected() for name in given}
    page = page_of(tmp_path, given, about_audits(2, pictures=pictures), video_summaries)
    assert (shown in (tmp_path / "report.html").read_text()) == pictures
    assert {bool(moment["picture"]) for moment in page.data("page")["audit"]["moments"]} == {pictures}
    kinds = {name: {m["frame"]: set(m["pictures"]) for m in page.data(name)["moments"]} for name in ("v0", "v1")}
    everything = {"masks", "protected"}
    assert all(found == (everything if pictures else {"masks"}) for found in kinds["v0"].values()), "kept back"
    assert all(found == everything for found in kinds["v1"].values())
    assert ("python -m objmask review --html=review.html" in text_of(page)) != pictures
    assert ("it is not for sharing" in text_of(page)) == pictures


def test_a_picture_of_a_leaking_frame_is_left_out_and_no_other(tmp_path):
    page = page_of(tmp_path, {"a": audit((39, 41), (121, 159), (161, 161))}, None, {"a": with_protected()})
    moments = {moment["frame"]: moment for moment in page.data("v0")["moments"]}
    assert [frame for frame, moment in moments.items() if "protected" not in moment["pictures"]] == [40]
    assert [frame for frame, moment in moments.items() if moment.get("withheld")] == [40]


def test_a_leaking_video_is_not_embedded(tmp_path):
    for name in ("a", "b"):
        for kind in ("masks", "unaudited"):
            (tmp_path / kind).mkdir(exist_ok=True)
            (tmp_path / kind / f"{name}.mp4").write_bytes(bytes(min(1000, EMBED_BYTES)))
    given = {"a": audit((1, 1)), "b": audit(others=1)}
    for pictures, first in ((False, "protected/a.mp4"), (True, "data:video/mp4;base64,")):
        page = page_of(tmp_path, given, about_audits(pictures=pictures, players="embed"))
        assert page.data("v0")["players"][1]["source"].startswith(first)
        assert page.data("v1")["players"][1]["source"].startswith("data:video/mp4;base64,")


def test_protected_video_comes_with_audits(tmp_path):
    told = about_audits()
    told["settings"]["outputs"] = ["audit", "report"]
    page = page_of(tmp_path, {"a": audit()}, told)
    assert [player["kind"] for player in page.data("v0")["players"]] == ["protected"]
    assert any(group["hidden"] for group in page.data("page")["groups"])


def test_moments_of_all_videos_leaks_first_then_the_worst(tmp_path):
    given = {"a": audit((0, 9), others=2), "b": audit((0, 19)), "c": audit((3, 3))}
    moments = page_of(tmp_path, given).data("page")["audit"]["moments"]
    assert [(one["title"], one["leak"]) for one in moments] == [
        *(("b", True), ("a", True), ("c", True), ("a", False), ("a", False)),
    ]


def test_moments_and_stretches_and_pictures_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PICTURE_CHARS", 25 * len(noise(100)))
    many = audit(*((5 * k, 5 * k + k % 3) for k in range(150)), picture=noise(100))
    page = page_of(tmp_path, {"a": many, "b": many}, about_audits(pictures=True))
    told = page.data("page")["audit"]
    assert len(told["moments"]) == MOMENTS
    assert told["found"] == 300
    assert [bool(one["picture"]) for one in told["moments"]] == [True] * 25 + [False] * (MOMENTS - 25)
    marked = page.data("v0")["audit"]
    assert len(marked["stretches_s"]) == STRETCHES
    assert marked["stretches"] == 150
    assert {round(to - start, 3) for start, to in marked["stretches_s"]} == {0.2}, "the longest ones stay"
    assert marked["stretches_s"] == sorted(marked["stretches_s"])


def test_overlapping_leaks_are_one_stretch(tmp_path):
    both = audit((10, 20), (15, 17), (18, 25), (26, 27), (40, 40))
    audited(tmp_path, {"a": both})
    found = read_audits([ReportedVideo("a", "", "")], tmp_path / "audit", None, "warn", pictures=False).of["a"]
    assert [(one.first, one.last, one.from_s, one.to_s) for one in found.leaks] == [(10, 27, 1, 2.7), (40, 40, 4, 4)]
    assert [found.shows(frame) for frame in (9, 10, 27, 28, 40)] == [False, True, True, False, True]


def test_many_leaking_videos_do_not_push_everything_else_away(tmp_path):
    said = text_of(page_of(tmp_path, {f"v{k:02d}": audit((k, k)) for k in range(30)}))
    assert said.count("leaking frame (") == LEAKING
    assert f"{30 - LEAKING} more videos" in said


def test_hostile_classes_and_reasons_are_text(tmp_path):
    one = audit((1, 2), name=SCRIPT, picture=SCRIPT)
    one["moments"][0]["why"] = [SCRIPT]
    one["models"] = [SCRIPT]
    name = SCRIPT.replace("/", "\N{FRACTION SLASH}")
    page = page_of(tmp_path, {name: one}, about_audits(pictures=True))
    [moment] = page.data("page")["audit"]["moments"]
    assert (moment["class"], moment["why"], moment["title"]) == (SCRIPT, [SCRIPT], name)
    assert len([1 for attributes, _ in page.scripts if "type" not in attributes]) == 2
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert "alert(1)" in text_of(page)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"models": [], "moments": [1], "summary": {}}', '{"moments": []}'])
def test_a_damaged_audit_is_refused(tmp_path, text):
    videos = results(tmp_path, {"a": video_summary(0)})
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit/a.json").write_text(text)
    with pytest.raises(DataError, match=r"audit/a.json.*run again"):
        write_report(videos, {}, about_audits(), tmp_path, tmp_path / "report.html")
    (tmp_path / "audit/a.json").unlink()
    with pytest.raises(DataError, match=r"audit/a.json.*run again"):
        write_report(videos, {}, about_audits(), tmp_path, tmp_path / "report.html")


def test_no_video_at_all(tmp_path):
    assert "No leak was found in 0 videos" in text_of(page_of(tmp_path, {}))


def test_two_reports_are_equal(tmp_path):
    given = {"b": audit((1, 5), others=3), "a": audit((1, 5), others=3)}
    page_of(tmp_path, given)
    before = (tmp_path / "report.html").read_bytes()
    page_of(tmp_path, given)
    assert (tmp_path / "report.html").read_bytes() == before


def test_what_an_audit_writes_is_what_is_read():
    """The names are those of the table of audits."""
    from objmask.audit.documents import COLUMNS

    assert {*module._COUNTS, *module._SHARES, "longest_run_first"} <= {*COLUMNS}
