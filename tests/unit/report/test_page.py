"""The page as a file: what is in it, how large it is, and that no name in it is ever more than text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from builders import HOSTILE
from video_summaries import GROUPS, about, about_audits, audit, audited, noise, results, video_summary

from objmask.cli import main
from objmask.errors import DataError
from objmask.report.all_videos import MIN_POINTS, ReportedVideo, survey
from objmask.report.numbers import duration, moment, number, percent, rate
from objmask.report.page import EMBED_BYTES, write_report

SCRIPT = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
NAMES = (*HOSTILE, SCRIPT.replace("/", "\N{FRACTION SLASH}"), "a&amp;b <b>", "\u2028\u2029", "🎥 desk/ü '\"`${x}")


class Parsed(HTMLParser):
    """Scripts, their types and texts, and all elements."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.shown: list[str] = []
        self._script: dict[str, str | None] | None = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._script = dict(attrs) if tag == "script" else None
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag):
        self._script = None

    def handle_data(self, data):
        if self._script is not None:
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        else:
            self.shown.append(data)

    def data(self, name: str):
        [text] = [text for attributes, text in self.scripts if attributes.get("id") == name]
        return json.loads(text)

    @property
    def policy(self) -> str:
        [content] = [a["content"] for tag, a in self.elements if tag == "meta" and "http-equiv" in a]
        return content


def written(folder, video_summaries, told=None, excluded=None, label="desk"):
    videos = results(folder, video_summaries, label)
    write_report(videos, excluded or {}, told or about(), folder, folder / "report.html")
    return folder / "report.html"


def parsed(*given, **more):
    return Parsed(written(*given, **more).read_text(encoding="utf-8"))


def test_hostile_names_are_text(tmp_path):
    made = results(tmp_path, {name: video_summary(k, points=4) for k, name in enumerate(NAMES)}, SCRIPT)
    videos = [ReportedVideo(video.name, SCRIPT, SCRIPT) for video in made]
    told = about(
        [f"SENSITIVE {SCRIPT}", SCRIPT], {"name": SCRIPT, "note": SCRIPT, "citation": SCRIPT, "used": [SCRIPT]}
    )
    write_report(videos, {SCRIPT: SCRIPT}, told, tmp_path, tmp_path / "r.html")
    page = Parsed((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert [page.data(f"v{k}")["name"] for k in range(len(videos))] == [video.name for video in videos]
    assert page.data("v0")["label"] == SCRIPT
    running = [text for attributes, text in page.scripts if "type" not in attributes]
    assert len(running) == 2
    assert not [text for text in running if "alert(1)" in text]
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert "".join(page.shown).count("alert(1)") >= 5


def test_a_hostile_group_is_text_too(tmp_path):
    groups = {SCRIPT[:40]: {"objects": ["person"], "colour": [255, 0, 0]}}
    one = video_summary(0, points=2)
    one["groups"], one["scores"] = [{"name": SCRIPT[:40], "mean": 0, "max": 0, "present": 0}], [[0] * 20] * 2
    page = parsed(tmp_path, {"a": one}, about(groups=groups))
    assert page.data("page")["groups"][0]["name"] == SCRIPT[:40]
    assert len([1 for attributes, _ in page.scripts if "type" not in attributes]) == 2


def test_only_its_own_scripts_may_run_and_nothing_may_be_fetched(tmp_path):
    page = parsed(tmp_path, {"a": video_summary(0)})
    scripts = [text for attributes, text in page.scripts if "type" not in attributes]
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    rules = dict(rule.split(" ", 1) for rule in page.policy.split("; "))
    assert rules["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]
    assert rules["default-src"] == "'none'"
    assert not set(re.findall(r"https?:", page.policy))
    addresses = [a[name] for _, a in page.elements for name in ("src", "href", "action", "data") if name in a]
    assert all(address.startswith("#") for address in addresses)


def test_plotly_comes_once(tmp_path):
    assert written(tmp_path, {f"v{k}": video_summary(k) for k in range(9)}).read_text().count("plotly.js v") == 1


def test_no_video_at_all(tmp_path):
    page = parsed(tmp_path, {}, excluded={"a": "a.mp4: cannot be read"})
    assert page.data("page")["videos"] == []
    assert "No video." in page.shown
    assert "cannot be read" in "".join(page.shown)


def test_a_page_with_raw_pictures_says_so_first(tmp_path):
    raw = about(["a note"], report={"players": "link", "raw_pictures": True})
    text = " ".join(parsed(tmp_path, {"a": video_summary(0)}, raw).shown)
    assert text.index("as private as the videos") < text.index("a note")
    assert "as private as the videos" not in " ".join(parsed(tmp_path, {"a": video_summary(0)}).shown)


def test_warnings_come_in_the_order_of_their_weight(tmp_path):
    one = video_summary(0, warnings=["breaks off"])
    told = about(["SENSITIVE objects that no model detects: cup", "model 'net': rendered only"])
    page = parsed(tmp_path, {"a": one}, told, excluded={"gone": "unreadable"})
    text = " ".join(part for part in page.shown if part.strip())
    order = [text.index(part) for part in ("unreadable", "no model detects: cup", "rendered only", "breaks off")]
    assert order == sorted(order)


def test_what_failed_comes_first_and_is_not_called_excluded(tmp_path):
    told = about(["SENSITIVE objects that no model detects: cup"])
    page = parsed(
        tmp_path, {"a": video_summary(0)}, told, excluded={"out": "out.mp4: odd", "hit": "FAILED hit.mp4: no room"}
    )
    shown = [part.strip() for part in page.shown if part.strip()]
    order = [shown.index(part) for part in ("Failed", "hit.mp4: no room", "Excluded", "out.mp4: odd", "Sensitive")]
    assert order == sorted(order)
    assert "+ 1 failed" in shown
    assert "+ 1 excluded" in shown
    assert "FAILED" not in " ".join(shown)


def test_what_is_warned_of_in_many_videos_does_not_push_everything_else_away(tmp_path):
    page = parsed(tmp_path, {f"v{k:03d}": video_summary(k, points=2, warnings=["breaks off"]) for k in range(100)})
    assert "".join(page.shown).count("breaks off") == 30
    assert "70 more" in "".join(page.shown)


def test_settings_models_and_checksums_are_there(tmp_path):
    page = parsed(tmp_path, {"a": video_summary(7)})
    text = "".join(page.shown)
    assert "score: 0.3" in text
    assert "1" * 64 in text  # what the detections say, not what was configured
    assert page.data("v0")["facts"]["sha256"] == f"{7:064x}"


def test_five_hundred_videos_are_under_30_mb(tmp_path):
    busy, names = video_summary(0, picture=noise(12_000)), [f"label {k % 40}/clip {k:04d}" for k in range(500)]
    leaking = audit(*((9 * k, 9 * k) for k in range(100)), others=20, picture=noise(16_000))
    audited(tmp_path, dict.fromkeys(names, leaking))
    page = written(tmp_path, dict.fromkeys(names, busy), about_audits(pictures=True))
    assert page.stat().st_size < 30e6


def test_five_thousand_videos_work_with_few_points_and_without_pictures(tmp_path):
    busy = video_summary(0, picture=noise(6000), moments=2)
    videos = results(tmp_path, {f"label {k % 40}/clip {k:04d}": busy for k in range(5000)})
    leaking = audit(*((9 * k, 9 * k) for k in range(50)))
    audited(tmp_path, {video.name: leaking for video in videos})
    write_report(videos, {}, about_audits(), tmp_path, tmp_path / "report.html")
    page = Parsed((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert (tmp_path / "report.html").stat().st_size < 40e6
    assert len(page.data("page")["videos"]) == 5000
    last = page.data("v4999")
    assert last["moments"] == []
    assert MIN_POINTS <= len(last["timeline"]["time_s"]) <= 100
    assert set(last["timeline"]["mean"]) == set(GROUPS[:2])


def test_pictures_shrink_in_number_and_the_best_stay(tmp_path):
    one = video_summary(0, picture=noise(300_000))
    one["moments"].reverse()  # the most informative is the last one in time
    videos = results(tmp_path, {f"v{k}": one for k in range(10)})
    assert survey(videos, tmp_path / "report").moments_each == 3
    page = parsed(tmp_path, {f"v{k}": one for k in range(10)})
    assert [moment["frame"] for moment in page.data("v3")["moments"]] == [120, 160, 200]


@pytest.mark.parametrize(
    ("players", "sources"), [("none", []), ("link", ["masks/a%20%26%25b.mp4", "protected/a%20%26%25b.mp4"])]
)
def test_players(tmp_path, players, sources):
    page = parsed(tmp_path, {"a &%b": video_summary(0)}, about(report={"players": players, "raw_pictures": False}))
    assert [player["source"] for player in page.data("v0")["players"]] == sources


def test_only_small_videos_are_embedded(tmp_path):
    for kind, size in (("masks", 1000), ("protected", EMBED_BYTES + 1)):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "a.mp4").write_bytes(bytes(size))
    page = parsed(tmp_path, {"a": video_summary(0)}, about(report={"players": "embed", "raw_pictures": False}))
    masks, protected = page.data("v0")["players"]
    assert masks["source"].startswith("data:video/mp4;base64,AAAA")
    assert protected["source"] == "protected/a.mp4"


def test_what_is_not_among_the_outputs_is_not_offered(tmp_path):
    page = parsed(tmp_path, {"a": video_summary(0)}, about(outputs=["masks", "overlay", "report"]))
    assert [player["kind"] for player in page.data("v0")["players"]] == ["masks"]


def test_two_reports_are_equal(tmp_path):
    video_summaries = {f"v{k}": video_summary(k) for k in range(3)}
    before = written(tmp_path, video_summaries).read_bytes()
    assert written(tmp_path, video_summaries).read_bytes() == before


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 99}', '{"format": 1}'])
def test_a_damaged_video_summary_is_refused(tmp_path, text):
    videos = results(tmp_path, {"a": video_summary(0)})
    (tmp_path / "report/a.json").write_text(text)
    with pytest.raises(DataError, match=r"report/a.json.*run again"):
        write_report(videos, {}, about(), tmp_path, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_the_verb(tmp_path):
    results(tmp_path, {"a": video_summary(0)})
    (tmp_path / "videos.tsv").write_text("name\tlabel\tsubject\texcluded\na\tdesk\t\t\nb\tdesk\t\tunreadable\n")
    given = [f"--results={tmp_path}", f"--videos={tmp_path / 'videos.tsv'}", f"--out={tmp_path / 'report.html'}"]
    assert main(["report", *given, f"--about={json.dumps(about())}"]) == 0
    assert "unreadable" in (tmp_path / "report.html").read_text()
    assert main(["report", *given, "--about={}"]) == 1


def test_numbers_say_as_much_as_they_know():
    assert [percent(x) for x in (0, 0.00001, 0.0029, 0.163, 0.999, 1, None)] == [
        *("0", "<0.01", "0.29", "16.3", "100", "100", ""),
    ]
    assert [duration(s) for s in (0, 12.34, 184, 3720)] == ["0.0 s", "12.3 s", "3 min 04 s", "1 h 02 min"]
    assert [moment(s) for s in (0.04, 0.2, 75)] == ["0.04 s", "0.2 s", "1 min 15 s"]
    assert [rate(x) for x in (0, 0.0123, 27.778, 166.667, 1000)] == ["0", "0.0123", "27.8", "167", "1\u202f000"]
    assert number(1234567) == "1\u202f234\u202f567"
