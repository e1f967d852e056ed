"""The report of a whole run, as a browser shows it: from disk, without a network, by keyboard."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import cv2
import numpy as np
import pytest
from patience import AT_MOST_S, until
from snakemake_runs import Run, Workflow
from video_summaries import PIXEL, about, about_audits, audit, audited, hidden, results, video_summary

from objmask.cli import main
from objmask.report.page import write_report

ROOT = Path(__file__).parents[2]
CONFIG = {"videos": "videos", "models": ["demo"], "outputs": ["masks", "protected", "report"]}
BOTH_PLAY = "[...document.querySelectorAll('video')].filter((video) => video.readyState > 0).length === 2"
HOSTILE = "&lt;b&gt; 'é' \"🎥\" $x `y` #1?"


@pytest.fixture(scope="module")
def demo(project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workflow, Run]:
    """A whole run over two rendered clips with the built-in model."""
    folder = tmp_path_factory.mktemp("demo")
    clips = ["--clips=2", "--seconds=1", "--rate=10", "--seed=29", "--width=480", "--height=270"]
    assert main(["scene", f"--out={folder / 'videos'}", *clips]) == 0
    [first, *_] = sorted((folder / "videos").rglob("*.mp4"))
    first.rename(first.with_name(f"{HOSTILE}.mp4"))
    workflow = Workflow(project, Path("demo"))
    return workflow, workflow.run(folder, CONFIG).ok()


@dataclass
class Seen:
    """A page in a browser, and what it did: messages, and addresses that it asked for.

    Attributes:
        page: Playwright's page.
        said: what it wrote to the console, and errors that nobody caught.
        asked: addresses, without those of data in the page itself.
    """

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, path: Path) -> Seen:
        self.page.set_default_timeout(1000 * AT_MOST_S)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.resolve().as_uri())
        self.page.wait_for_selector("html[data-ready]", state="attached")
        return self

    @property
    def files(self) -> list[str]:
        """Names of the files that were asked for; nothing else may be."""
        assert {urlsplit(address).scheme for address in self.asked} <= {"file", "data", "blob"}, self.asked
        return [Path(unquote(urlsplit(a).path)).name for a in self.asked if a.startswith("file:")]

    def texts(self, selector: str) -> list[str]:
        found: list[str] = self.page.locator(selector).all_inner_texts()
        return found

    def wait_for(self, expression: str) -> None:
        """Waits until an expression is true; Playwright's own way to do so is forbidden by the page's policy."""
        until(lambda: self.page.evaluate(expression))

    def tab_to(self, selector: str) -> None:
        """Presses Tab until an element has the focus."""
        for _ in range(200):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"{selector} cannot be reached by keyboard")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs a browser: install the Debian package chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=program, args=["--no-sandbox"], timeout=1000 * AT_MOST_S)
        yield launched
        launched.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Seen]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield Seen(page)
    page.close()


def test_the_workflow_makes_it_and_then_has_nothing_to_do(demo):
    workflow, run = demo
    assert run.jobs["video_summary"] == 2
    assert run.jobs["report"] == 1
    assert (run.results / "report.html").stat().st_size < 10e6
    assert not workflow.plan(run.folder, CONFIG).jobs


@pytest.mark.parametrize(
    ("change", "jobs"),
    [
        ({"detect": {"batch": None}}, set()),
        ({"mirror": "elsewhere"}, set()),
        ({"report": {"players": "none"}}, {"report"}),
        ({"report": {"thumbnails": 1}}, {"video_summary", "report"}),
        ({"report": {"raw_pictures": True}}, {"video_summary", "report"}),
        ({"privacy": {"strength": 3}}, {"protect", "video_summary", "report"}),
        ({"outputs": ["masks", "report"]}, {"video_summary", "report"}),
        ({"groups": {"person": {"objects": ["person"], "colour": [9, 99, 200]}}},
         {"paint", "masks", "coverage", "summary", "video_summary", "report"}),
    ],
)  # fmt: skip
def test_it_is_made_again_when_something_that_it_shows_changes(demo, change, jobs):
    workflow, run = demo
    assert set(workflow.plan(run.folder, {**CONFIG, **change}).jobs) == jobs


def test_a_look_at_the_page_itself_counts(demo, tmp_path):
    workflow, run = demo
    edited = Workflow(Path(shutil.copytree(workflow.root, tmp_path / "edited")), workflow.model)
    with (edited.root / "objmask/report/page/report.css").open("a") as stream:
        stream.write("b{color:red}")
    assert set(edited.plan(run.folder, CONFIG).jobs) == {"report"}


def test_benchmarks_and_logs_are_no_inputs(demo):
    workflow, run = demo
    for path in (run.results / "benchmarks").rglob("*.tsv"):
        path.touch()
    assert not workflow.plan(run.folder, CONFIG).jobs


def test_protected_pictures_only(demo):
    _, run = demo
    for path in (run.results / "report").rglob("*.json"):
        video_summary = json.loads(path.read_text())
        moments = video_summary["moments"]
        assert moments
        assert video_summary["hidden"]["mean"] > 0
        assert {kind for moment in moments for kind in moment["pictures"]} == {"masks", "protected"}


def pixels(picture: str) -> Any:
    """A video summary's picture, (h, w, 3) int16."""
    return cv2.imdecode(np.frombuffer(base64.b64decode(picture), np.uint8), cv2.IMREAD_COLOR).astype(np.int16)


@pytest.fixture(scope="module")
def raw(demo, tmp_path_factory) -> Run:
    """The same with raw pictures, and players in the page itself."""
    workflow, run = demo
    folder = tmp_path_factory.mktemp("raw") / "copy"
    shutil.copytree(run.folder, folder)
    return workflow.run(folder, {**CONFIG, "report": {"raw_pictures": True, "players": "embed"}}).ok()


def test_raw_pictures_come_when_asked_for_and_go_again(demo, raw, tmp_path):
    assert set(raw.jobs) == {"video_summary", "report"}
    for path in (raw.results / "report").rglob("*.json"):
        for moment in json.loads(path.read_text())["moments"]:
            changed = np.abs(pixels(moment["pictures"]["protected"]) - pixels(moment["pictures"]["raw"])).max(2)
            assert np.quantile(changed, 0.2) < 8, "they show different moments"
            assert "screen" not in moment["groups"] or changed.max() > 40, "what is hidden is to be seen"
    folder = Path(shutil.copytree(raw.folder, tmp_path / "again"))
    workflow, run = demo
    again = workflow.run(folder, CONFIG).ok()
    assert (again.results / "report.html").stat().st_size < (raw.results / "report.html").stat().st_size
    for path in (run.results / "report").rglob("*.json"):
        assert (again.results / path.relative_to(run.results)).read_bytes() == path.read_bytes()
        assert '"raw"' not in path.read_text()


def test_embedded_videos_play_from_the_page_alone(raw, tab, tmp_path):
    tab.open(Path(shutil.copy(raw.results / "report.html", tmp_path)))
    assert "as private as the videos" in tab.texts(".warnings li")[0]
    card = tab.page.locator(".card", has_text=HOSTILE)
    card.get_by_text("Play masks and protected").click()
    tab.wait_for(BOTH_PLAY)
    assert tab.files == ["report.html"]
    assert tab.said == []


def test_a_video_that_is_not_beside_the_page_is_named(demo, tab, tmp_path):
    _, run = demo
    tab.open(Path(shutil.copy(run.results / "report.html", tmp_path)))
    tab.page.locator(".card", has_text=HOSTILE).get_by_text("Play masks and protected").click()
    tab.wait_for("document.querySelector('.players figcaption')?.textContent.includes('results')")
    assert all(text.endswith(f"{HOSTILE}.mp4") for text in tab.texts(".players figcaption"))


def test_snakemake_s_own_report_holds_it(demo, tmp_path):
    workflow, run = demo
    workflow.run(run.folder, CONFIG, "--report", tmp_path / "snakemake.html").ok()
    assert "report.html" in (tmp_path / "snakemake.html").read_text()


def test_it_opens_from_disk_and_asks_for_nothing(demo, tab):
    _, run = demo
    tab.open(run.results / "report.html")
    tab.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    tab.wait_for("document.querySelectorAll('.timeline .plotly, .timeline svg').length > 1")
    assert tab.files == ["report.html"]
    assert tab.said == []
    assert any(HOSTILE in title for title in tab.texts("#list h3"))
    sensitive, model = tab.texts(".warnings li")[:2]
    assert "no model used for privacy can detect: toilet" in sensitive
    assert "rendered desks only" in model
    broken = tab.page.evaluate(
        "() => Promise.all([...document.images].map((image) => image.decode().then(() => 0, () => 1)))"
    )
    assert broken
    assert not any(broken)


def test_videos_play_from_the_files_beside_it(demo, tab):
    _, run = demo
    tab.open(run.results / "report.html")
    card = tab.page.locator(".card", has_text=HOSTILE)
    card.get_by_text("Play masks and protected").click()
    tab.wait_for(BOTH_PLAY)
    assert sorted(set(tab.files)) == sorted({"report.html", f"{HOSTILE}.mp4"})
    assert tab.said == []


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of 37 made-up videos; one of them has warnings, one no object at all."""
    folder = tmp_path_factory.mktemp("many")
    video_summaries = {f"desk/clip {k:02d}": video_summary(k) for k in range(37)}
    video_summaries["desk/clip 20"]["warnings"] = ["breaks off"]
    video_summaries["desk/clip 21"] |= {"timeline": {"time_s": [0.0], "mean": {}, "max": {}}, "moments": []}
    write_report(results(folder, video_summaries), {}, about(), folder, folder / "report.html")
    return folder / "report.html"


def test_paging_by_keyboard(many, tab):
    tab.open(many)
    assert tab.texts("#list h3")[0] == "desk/clip 00"
    tab.tab_to("[data-turn=on]")
    tab.page.keyboard.press("Enter")
    assert tab.texts("#list h3")[0] == "desk/clip 10"
    tab.page.keyboard.press("Enter")  # the focus stays where it was
    tab.page.keyboard.press("Space")
    assert tab.texts("#list h3") == [f"desk/clip {k}" for k in range(30, 37)]
    assert tab.texts("output")[0] == "31–37 of 37"
    tab.page.keyboard.press("Enter")  # on the last page it is on the way back
    assert tab.texts("#list h3")[0] == "desk/clip 20"
    assert tab.said == []


def test_toggles_by_keyboard(many, tab):
    tab.open(many)
    tab.page.locator("#toggles").scroll_into_view_if_needed()
    tab.page.locator(".timeline").first.scroll_into_view_if_needed()
    tab.page.wait_for_selector(".timeline svg")
    before = tab.page.locator(".timeline").first.bounding_box()["height"]
    tab.tab_to("#toggles button")
    assert tab.page.evaluate("document.activeElement.innerText") == "person"
    tab.page.keyboard.press("Space")
    assert tab.page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "false"
    assert tab.page.locator(".timeline").first.bounding_box()["height"] < before
    tab.page.keyboard.press("Tab")
    tab.page.keyboard.press("Space")
    assert not tab.page.locator(".timeline").first.locator("svg").count()
    tab.page.keyboard.press("Space")
    assert tab.page.locator(".timeline").first.locator("svg").count()
    assert tab.said == []


def heights(page: Any) -> dict[str, list[float]]:
    """Of the first video's chart: its box, its picture, what lies in its lanes."""
    measured: dict[str, list[float]] = page.evaluate(
        """() => {
          const box = document.querySelector(".timeline");
          const one = (found) => found.getBoundingClientRect().height;
          const high = (selector) => [...box.querySelectorAll(selector)].map(one);
          return {box: [one(box)], picture: high(".main-svg"), lanes: high(".nsewdrag")};
        }"""
    )
    return measured


def test_a_chart_is_as_high_as_its_lanes_whatever_was_hidden_before(many, tab):
    tab.open(many)
    tab.page.locator(".timeline").first.scroll_into_view_if_needed()
    tab.page.wait_for_selector(".timeline svg")
    both = heights(tab.page)
    assert len(both["lanes"]) == 2
    assert set(both["picture"]) == set(both["box"])
    [person, screen, *_] = tab.page.locator("#toggles button").all()
    for button in (person, screen, screen):
        button.click()
    one = heights(tab.page)
    assert len(one["lanes"]) == 1
    assert set(one["picture"]) == set(one["box"])
    assert one["box"][0] < both["box"][0]
    assert one["lanes"][0] == pytest.approx(both["lanes"][0], abs=2)
    person.click()
    assert heights(tab.page) == both
    assert tab.said == []


def test_fingers_zoom_by_buttons_that_cover_nothing(many, browser):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    seen = Seen(context.new_page()).open(many)
    chart = seen.page.locator(".timeline").first
    chart.scroll_into_view_if_needed()
    seen.page.wait_for_selector(".timeline .modebar-btn")
    buttons, lane = chart.locator(".modebar").bounding_box(), chart.locator(".nsewdrag").first.bounding_box()
    assert buttons["y"] + buttons["height"] <= lane["y"]
    shown = "() => { const [a, b] = document.querySelector('.timeline')._fullLayout.xaxis.range; return b - a; }"
    before = seen.page.evaluate(shown)
    zoom, *_, picture = chart.locator(".modebar-btn").all()
    assert min(picture.bounding_box()["height"], picture.bounding_box()["width"]) >= 24
    zoom.tap()
    seen.wait_for(f"({shown})() < {before}")
    assert seen.said == []
    context.close()


def test_on_paper_every_chart_of_the_list_is_drawn_and_fits(many, tab):
    tab.open(many)
    drawn = "document.querySelectorAll('.timeline .main-svg').length"
    assert tab.page.evaluate(drawn) < 20
    tab.page.evaluate(
        """addEventListener("beforeprint", () => { window.wide = Math.max(
          ...[...document.querySelectorAll(".main-svg")].map((one) => one.getBoundingClientRect().width)); })"""
    )
    assert tab.page.pdf(format="A4").startswith(b"%PDF")
    assert tab.page.evaluate(drawn) >= 20
    assert tab.page.evaluate("wide") < 190 / 25.4 * 96  # A4 has 210 mm, less its margins
    box = tab.page.locator(".timeline").first.bounding_box()
    tab.wait_for(f"document.querySelector('.timeline .main-svg').clientWidth <= {box['width']}")
    assert tab.said == []


def test_paper_is_light_whatever_the_screen_is(many, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark")
    Seen(page).open(many)
    page.evaluate("addEventListener('beforeprint', () => { window.ink = getComputedStyle(document.body).color; })")
    page.pdf()
    on_paper, on_screen = page.evaluate("[ink, getComputedStyle(document.body).color]")
    assert on_paper == "rgb(29, 32, 38)"
    assert on_screen == "rgb(230, 231, 234)"
    page.close()


def test_names_are_shown_as_people_know_them_and_found_either_way(tmp_path, tab):
    encoded = "top %7Bx%7D 100%25"
    folder = tmp_path / "some"
    one = video_summary(0, warnings=["breaks off"])
    write_report(results(folder, {encoded: one}), {"%3Cb%3E%07": "gone"}, about(), folder, folder / "report.html")
    tab.open(folder / "report.html")
    assert tab.texts("#list h3") == ["top {x} 100%"]
    assert tab.texts(".warnings .name") == ["<b>%07", "top {x} 100%"]
    for words, count in (("{x} 100%", 1), ("%7bx", 1), ("{y}", 0)):
        tab.page.fill("#find", words)
        assert len(tab.texts("#list h3")) == count
    assert tab.said == []


def test_a_table_that_goes_on_to_the_right_says_so(many, browser):
    page = browser.new_page(viewport={"width": 360, "height": 700})
    seen = Seen(page).open(many)
    table = page.locator(".scroll:has(.heat)")
    cut = "box => [box.classList.contains('more'), box.scrollWidth > box.clientWidth]"
    assert table.evaluate(cut) == [True, True]
    table.evaluate("box => box.scrollTo(1e4, 0)")
    seen.wait_for("!document.querySelector('.scroll:has(.heat)').classList.contains('more')")
    page.set_viewport_size({"width": 1400, "height": 700})
    page.get_by_text("As a table").first.click()
    assert [page.locator(".scroll.more").count(), seen.said] == [0, []]
    page.set_viewport_size({"width": 360, "height": 700})
    seen.wait_for("document.querySelector('#scores-table').classList.contains('more')")
    high = {box["height"] for box in (cell.bounding_box() for cell in page.locator("#scores-table td").all())}
    assert max(high) < 40, "a cell breaks in two lines"
    page.close()


def test_a_long_warning_breaks_where_it_has_to(tmp_path, browser):
    long = video_summary(0, warnings=["breaks off " + "x" * 300])
    write_report(results(tmp_path, {"a": long}), {}, about(["n" * 300]), tmp_path, tmp_path / "report.html")
    page = browser.new_page(viewport={"width": 390, "height": 700})
    Seen(page).open(tmp_path / "report.html")
    assert page.evaluate(
        "[...document.querySelectorAll('.warnings span, .card li')].every((one) => one.scrollWidth <= innerWidth)"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_what_protected_video_hides_comes_first(tmp_path, tab):
    video_summaries = {"a": hidden(0, 0), "b": hidden(1, 3), "c": hidden(2, 1)}
    video_summaries["b"]["moments"][2]["gap"] = True
    write_report(results(tmp_path, video_summaries), {}, about(), tmp_path, tmp_path / "report.html")
    tab.open(tmp_path / "report.html")
    tab.page.select_option("#order", label="gaps in what is hidden first")
    assert tab.texts("#list h3") == ["b", "c", "a"]
    first, _, last = tab.texts(".hiding")
    assert "no object in 6 of 1\u202f200 frames. 3 gaps of at most 3 s" in first
    assert "at 0:01; the longest takes 0.20 s." in first
    assert "hides 40.0 % of the picture, of which the objects to hide take 25.0 %;" in first
    assert first.endswith(
        "Most is hidden because of track 7 of net (laptop, score 0 to 0.65): 20.0 % of the picture; "
        "track 6 of net (<b>person</b>, score 0 to 0.65): 10.0 % of the picture. "
        'If the first one is nothing to hide, write among the video\'s corrections: - drop: {track: 7, model: "net"}'
    )
    assert "because of" not in last
    assert "gap" not in last
    assert tab.texts(".card .gap") == ["longest gap: no object is hidden"]
    tab.page.locator(".timeline").first.scroll_into_view_if_needed()
    tab.page.wait_for_selector(".timeline svg")
    chart = tab.page.locator(".timeline").first
    assert chart.locator(".annotation-text").first.text_content() == "hidden"
    assert chart.locator(".scatterlayer .points path").count() == 3
    before = heights(tab.page)
    tab.page.locator("#toggles button", has_text="hidden").click()
    assert len(heights(tab.page)["lanes"]) == len(before["lanes"]) - 1
    assert chart.locator(".scatterlayer .points path").count() == 0
    assert tab.said == []


def test_without_protected_video_nothing_is_said_of_it(many, tab):
    tab.open(many)
    assert "gaps in what is hidden first" not in tab.texts("#order option")
    assert not [text for text in tab.texts("#toggles button") if text == "hidden"]
    assert not tab.texts(".hiding")


def test_search_and_filters(many, tab):
    tab.open(many)
    tab.page.fill("#find", "CLIP 21")
    assert tab.texts("#list h3") == ["desk/clip 21"]
    tab.page.fill("#find", "nothing of the kind")
    assert tab.texts("#list") == ["No video fits."]
    tab.page.fill("#find", "")
    tab.page.check("#warned")
    assert tab.texts("#list h3") == ["desk/clip 20"]
    assert tab.said == []


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (360, "dark"), (1280, "dark")])
def test_nothing_sticks_out(many, browser, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
    seen = Seen(page).open(many)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert seen.said == []
    page.close()


def test_no_video_at_all(tmp_path, tab):
    write_report(results(tmp_path, {}), {"gone": "unreadable"}, about(), tmp_path, tmp_path / "report.html")
    tab.open(tmp_path / "report.html")
    assert tab.texts("#list") == ["No video fits."]
    assert tab.said == []


def test_a_group_s_name_is_text_in_charts_too(tmp_path, tab):
    name = "<b>%{y}&amp;"
    one = video_summary(0)
    for values in (one["timeline"]["mean"], one["timeline"]["max"]):
        values[name] = values.pop("person")
    one["groups"] = [{**one["groups"][0], "name": name}]
    one["scores"] = one["scores"][:2]
    told = about(groups={name: {"objects": ["person"], "colour": [255, 0, 0]}})
    write_report(results(tmp_path, {"a": one}), {}, told, tmp_path, tmp_path / "report.html")
    tab.open(tmp_path / "report.html")
    tab.page.locator(".timeline").scroll_into_view_if_needed()
    tab.page.wait_for_selector(".timeline svg")
    assert name in tab.page.locator(".timeline .annotation-text").all_text_contents()
    tab.page.evaluate("Plotly.Fx.hover(document.querySelector('.timeline'), [{curveNumber: 1, pointNumber: 3}])")
    assert name in "".join(tab.page.locator(".timeline .hoverlayer").all_text_contents())
    assert tab.said == []


def test_every_picture_and_control_has_a_name(many, tab):
    tab.open(many)
    nameless = tab.page.evaluate(
        """() => [...document.querySelectorAll("img, button, input, select, a, summary, [role=img]")].filter((one) =>
          !(one.alt || one.getAttribute("aria-label") || one.innerText || one.closest("label")?.innerText)).length"""
    )
    assert nameless == 0


@pytest.fixture(scope="module", params=[False, True], ids=["without_pictures", "with_pictures"])
def leaking(request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of 23 audited videos with hostile names and classes, of which two leak; the worse one is kept back."""
    folder = tmp_path_factory.mktemp("leaking")
    name = "<img src=x onerror=alert(1)>%{y}"
    audits = {f"desk/clip {k:02d} {name}": audit(others=1, name=name, picture=PIXEL) for k in range(23)}
    audits[f"desk/clip 20 {name}"] = audit((20, 29), (88, 90), name=name, picture=PIXEL)
    audits[f"desk/clip 07 {name}"] = audit((31, 31), picture=PIXEL)
    video_summaries = {name: hidden(k, 0) for k, name in enumerate(audits)}
    audited(folder, audits)
    told = about_audits(2, pictures=request.param)
    write_report(results(folder, video_summaries), {}, told, folder, folder / "report.html")
    return folder / "report.html"


def test_audits_are_listed_and_turned_by_keyboard(leaking, tab):
    tab.open(leaking)
    first, second, third = tab.texts("#audit-videos-list tbody tr")[:3]
    assert "clip 20" in first
    assert "leaks; kept in quarantine\t1.0 s from 0:02.0, frame 20\t13\t13\t2\t2\t13\t25.0" in first
    assert "clip 07" in second
    assert "leaks\t0.1 s from 0:03.1, frame 31\t1\t1\t1\t1\t1\t25.0" in second
    assert "no leak found\t–\t0\t0\t0\t1\t1\t25.0" in third
    assert tab.texts(".warnings .grave b")[-2:] == ["Kept back", "Leaks"]
    tab.tab_to("#audit-videos-pages [data-turn=on]")
    tab.page.keyboard.press("Enter")
    tab.page.keyboard.press("Enter")
    assert len(tab.texts("#audit-videos-list tbody tr")) == 3
    assert tab.texts("#audit-videos-pages output") == ["21–23 of 23"]
    assert tab.page.evaluate("document.activeElement.dataset.turn") == "back"
    tab.page.select_option("#audit-order", label="by name")
    assert "clip 00" in tab.texts("#audit-videos-list tbody tr")[0]
    moments = "#audit-moments-list tbody tr, #audit-moments-list figure"
    assert [("leak: found again" in text) for text in tab.texts(moments)[:4]] == [True, True, True, False]
    tab.tab_to("#audit-moments-pages [data-turn=on]")
    tab.page.keyboard.press("Enter")
    assert tab.texts("#audit-moments-pages output")[0].endswith("of 24")
    assert tab.texts("#list h3")[0].startswith("desk/clip 00"), "the list of videos stays where it is"
    tab.page.evaluate("document.querySelectorAll('#audit-videos-list a')[7].click()")
    assert [text[:12] for text in tab.texts("#list h3")] == ["desk/clip 07"]
    assert tab.texts(".card .audit") == [
        "Audit: leaks in 1 of 1\u202f000 frames, longest 0.1 s from frame 31. At 0:03."
    ]
    assert (tab.files, tab.said) == (["report.html"], [])


def test_leaks_are_marked_over_time(leaking, tab):
    tab.open(leaking)
    tab.page.select_option("#order", label="most leaking first")
    tab.page.check("#warned")
    assert [text[:12] for text in tab.texts("#list h3")] == ["desk/clip 20", "desk/clip 07"]
    chart = tab.page.locator(".timeline").first
    chart.scroll_into_view_if_needed()
    tab.page.wait_for_selector(".timeline svg")
    assert chart.locator(".shapelayer path").count() == 2
    assert chart.locator(".scatterlayer .points path").count() == 2
    assert "At 0:02, 0:08." in tab.texts(".card .audit")[0]
    for button in tab.page.locator("#toggles button").all():
        button.click()
    assert not chart.locator("svg").count()
    tab.page.locator("#toggles button").nth(1).click()
    assert chart.locator(".scatterlayer .points path").count() == 2
    assert tab.said == []


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_nothing_of_an_audit_sticks_out_or_has_no_name(leaking, browser, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
    seen = Seen(page).open(leaking)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.querySelectorAll('#audit img')].every((one) => one.alt && one.naturalWidth)")
    assert bool(page.locator("#audit img").count()) == (
        "The pictures are of protected video" in page.inner_text("#audit")
    )
    assert seen.said == []
    page.close()


def test_a_run_that_keeps_videos_back_has_a_report_that_says_why(demo, tab, tmp_path):
    workflow, run = demo
    shutil.copytree(run.folder, tmp_path / "copy")
    settings = {
        **CONFIG,
        "outputs": [*CONFIG["outputs"], "audit"],
        "privacy": {"score": 0.999},  # so little is hidden that much of it is found again
        "audit": {"floor": 0.2, "score": 0.3, "fail_over": 0},
        "report": {"players": "embed"},
    }
    failed = workflow.run(tmp_path / "copy", settings)
    assert failed.code != 0
    assert failed.jobs["report"] == 1
    failed.line("what leaks is in", "results/report.html")
    kept = {path.stem for path in (failed.results / "quarantine").rglob("*.mp4")}
    assert kept
    tab.open(failed.results / "report.html")
    assert len([text for text in tab.texts(".warnings .grave") if "kept in quarantine" in text]) == len(kept)
    assert len([text for text in tab.texts("#audit-videos-list tbody tr") if "kept in quarantine" in text]) == len(kept)
    assert (tab.files, tab.said) == (["report.html"], [])
    allowed = {**settings, "audit": {**settings["audit"], "fail_over": 1000}}
    assert set(workflow.plan(failed.folder, allowed).jobs) == {"release", "report"}
    shown = {**settings, "report": {**settings["report"], "leak_pictures": True}}
    assert set(workflow.plan(failed.folder, shown).jobs) == {"release", "report"}
