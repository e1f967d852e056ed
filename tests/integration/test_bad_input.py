"""What the world hands over: broken, cut and odd videos beside good ones, models that are none, disks that are full.

Every failure is one line that names the file and the remedy, leaves nothing of the bad video behind, and stops no other
video.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import av
import clips
import pytest
from snakemake_runs import Run, Workflow, csv_column, mounted, outputs_of, remains, times

REPLACE = "replace the file"


def damage(path: Path, source: Path) -> Path:
    """A copy whose header is whole and whose later pictures are not."""
    data = bytearray(source.read_bytes())
    start = data.index(b"mdat")
    end = start + int.from_bytes(data[start - 4 : start], "big")
    for at in range((start + end) // 2, end, 7):
        data[at] ^= 0x5A
    path.write_bytes(data)
    return path


def cut(path: Path, source: Path, share: float = 0.6) -> Path:
    data = source.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


BAD = {
    "bad/broken": "cannot be opened as a video",
    "bad/wrong": "cannot be opened as a video",
    "bad/empty": "cannot be opened as a video",
    "bad/notes": "cannot be opened as a video",
    "bad/zero": "cannot be opened as a video",
    "bad/sound only": "has no video stream",
    "bad/list": "cannot be opened as a video",
    "bad/link": "cannot be opened as a video",
    "bad/pipe": "cannot be opened as a video",
    "cut/coffee": "truncated",
    "cut/damaged": "truncated or damaged",
}
GOOD = ("good/people", "good/signing_book", "odd/not_square", "odd/uneven", "odd/secrets")


@pytest.fixture(scope="module")
def videos(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bad files among good ones."""
    folder = tmp_path_factory.mktemp("mixed") / "videos"
    for label in ("bad", "cut", "good", "odd"):
        (folder / label).mkdir(parents=True)
    odd, office = assets / "videos/odd", assets / "videos/office"
    shutil.copy(odd / "streamio_broken.mp4", folder / "bad/broken.mp4")
    shutil.copy(odd / "phpffmpeg_WrongFile.mp4", folder / "bad/wrong.mp4")
    shutil.copy(odd / "streamio_empty.flv", folder / "bad/empty.mp4")
    (folder / "bad/notes.mp4").write_text("Remember to film the kitchen tomorrow.\n" * 200)
    (folder / "bad/zero.MOV").touch()
    (folder / "bad/list.mp4").write_text("ffconcat version 1.0\nfile '../good/people.mp4'\n")
    (folder / "bad/link.mp4").symlink_to("unplugged/disk.mp4")
    os.mkfifo(folder / "bad/pipe.mp4")
    (folder / "bad/readme.txt").write_text("not a video, not an error\n")
    with av.open(str(folder / "bad/sound only.mp4"), "w") as out:
        clips._write_sound(out, out.add_stream("aac", 8000, layout="mono"), 0.5)
    cut(folder / "cut/coffee.mp4", office / "desk/coffee.mp4")
    damage(folder / "cut/damaged.mp4", office / "meeting/two_people_at_desk.mp4")
    shutil.copy(office / "meeting/two_people_at_desk.mp4", folder / "good/people.mp4")
    shutil.copy(office / "meeting/signing_book.mkv", folder / "good/signing_book.mkv")
    clips.make(folder / "odd/not_square.mp4", aspect=Fraction(4, 3))
    clips.make(folder / "odd/uneven.mp4", size=(67, 49), pix_fmt="yuv444p")
    clips.make(folder / "odd/secrets.mp4", secrets=True, cover=True, audio="aac")
    return folder


@pytest.fixture(scope="module")
def mixed(workflow: Workflow, videos: Path) -> Run:
    """With the default: what is bad fails."""
    return workflow.run(videos.parent / "fail", {"videos": "../videos", "privacy": {"audio": "copy"}})


@pytest.fixture(scope="module")
def tolerant(workflow: Workflow, videos: Path) -> Run:
    """What is bad is left out, the readable part of what breaks off is kept."""
    names = [*(path for path in videos.glob("bad/*") if path.suffix != ".txt"), *videos.glob("cut/*")]
    table = videos / "videos.tsv"
    rows = [["path", "label"], *([str(path), "any"] for path in [*names, videos / "good/people.mp4"])]
    table.write_text("".join("\t".join(row) + "\n" for row in rows))
    return workflow.run(
        videos.parent / "tolerant", {"videos": str(table), "on_unreadable": "exclude", "on_truncated": "keep"}
    )


def test_a_bad_video_fails_the_run_and_says_what_to_do(mixed):
    assert mixed.code != 0
    for name, problem in BAD.items():
        line = mixed.line(f"{name}.", problem)
        assert REPLACE in line, line
    assert "Traceback" not in mixed.text


def test_what_failed_comes_again_at_the_end(mixed):
    end = mixed.text[mixed.text.index("Exiting because a job execution failed") :]
    assert sum("objmask: FAILED" in line for line in end.splitlines()) == len(BAD)
    for name in BAD:
        assert f"{name}." in end
        line = mixed.line("FAILED", f"{name}.")
        # To what is not there, a disk may have to be plugged in.
        assert "on_unreadable: exclude" in line or name == "bad/link", line


def test_nothing_of_a_bad_video_is_left(mixed):
    assert remains(mixed.results, *BAD) == ["index.json"] or remains(mixed.results, *BAD) == []
    assert not [p for p in mixed.folder.iterdir() if p.name not in {"given.json", "results", ".snakemake"}]


def test_the_other_videos_are_done(mixed):
    for name in GOOD:
        for path in outputs_of(mixed.results, name):
            assert path.stat().st_size > 0, path


def test_the_log_of_a_failed_job_tells_it_too(mixed):
    assert "cannot be opened" in (mixed.results / "logs/probe/bad/broken.log").read_text()


def test_numbers_that_disagree_are_both_recorded(mixed):
    document = json.loads((mixed.results / "probe/good/signing_book.json").read_text())
    assert (document["declared_frames"], document["frames"]) == (110, 109)
    assert any("110" in warning and "109" in warning for warning in document["warnings"])
    mixed.line("signing_book.mkv", "110", "109")
    assert len(times(mixed.results / "protected/good/signing_book.mp4")) == 109 + 1


@pytest.mark.parametrize("kind", ["masks", "overlay", "protected"])
def test_pixels_that_are_not_square_stay_so(mixed, kind):
    with av.open(str(mixed.results / kind / "odd/not_square.mp4")) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


@pytest.mark.parametrize("kind", ["masks", "overlay", "protected"])
def test_odd_sizes_lose_no_row(mixed, videos, kind):
    path = mixed.results / kind / "odd/uneven.mp4"
    with av.open(str(path)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (68, 50)
    assert times(path) == times(videos / "odd/uneven.mp4")


def test_protected_video_gives_no_secret_away(mixed, videos):
    planted = (videos / "odd/secrets.mp4").read_bytes()
    written = (mixed.results / "protected/odd/secrets.mp4").read_bytes()
    for secret in clips.SECRETS:
        assert secret.encode() in planted or secret == clips.SECRETS[4], "the test plants nothing"
        assert secret.encode() not in written
    with av.open(str(mixed.results / "protected/odd/secrets.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert not container.metadata.get("location")
        assert container.chapters() == []


def test_excluded_videos_do_not_fail_the_run(tolerant):
    tolerant.ok()
    unreadable = {name for name, problem in BAD.items() if "truncated" not in problem}
    assert set(csv_column(tolerant.results / "summary/excluded.csv", "video")) == unreadable
    for name in unreadable:
        tolerant.line("EXCLUDED", f"{name}.", REPLACE)
        assert name not in tolerant.videos
        assert not [path for path in tolerant.results.rglob("*") if name.split("/")[1] in path.name]
    reasons = csv_column(tolerant.results / "summary/excluded.csv", "reason")
    assert all(REPLACE in reason for reason in reasons)
    done = csv_column(tolerant.results / "summary/coverage_by_video.csv", "video")
    assert set(done) == {"good/people", "cut/coffee", "cut/damaged"}


def test_the_readable_part_of_a_cut_video_is_kept_with_a_warning(tolerant, videos):
    tolerant.line("coffee.mp4", "TRUNCATED", "declared end")
    tolerant.line("damaged.mp4", "DAMAGED")
    document = json.loads((tolerant.results / "probe/cut/coffee.json").read_text())
    assert document["truncated"]
    assert 140 < document["frames"] < 180
    for kind in ("masks", "overlay", "protected"):
        shown = times(tolerant.results / kind / "cut/coffee.mp4")
        assert len(shown) == document["frames"] + 1
        # Plain decoding gives up at the damage and keeps to itself what it had begun.
        plain = times(videos / "cut/coffee.mp4", damaged=True)[:-1]
        assert document["frames"] - 3 < len(plain) <= document["frames"]
        assert shown[: len(plain)] == plain


class TestInputsThatAreNoVideos:
    def test_empty_folder(self, workflow, tmp_path):
        (tmp_path / "videos").mkdir()
        workflow.run(tmp_path, {"videos": "videos"}).refused("no video in 'videos'", ".mp4", ".mkv")

    def test_no_such_folder(self, workflow, tmp_path):
        workflow.run(tmp_path, {"videos": "nowhere"}).refused("no folder or table 'nowhere'", "set it to")
        assert not (tmp_path / "results").exists()

    def test_two_videos_with_one_name(self, workflow, tmp_path):
        (tmp_path / "videos").mkdir()
        clips.make(tmp_path / "videos/Clip.mp4", pts=range(0, 3003, 1001))
        shutil.copy(tmp_path / "videos/Clip.mp4", tmp_path / "videos/clip.mov")
        workflow.run(tmp_path, {"videos": "videos"}).refused("Clip.mp4", "clip.mov", "rename one")
        assert not (tmp_path / "results/masks").exists()


class TestModelsThatAreNone:
    @pytest.fixture
    def folder(self, tmp_path):
        (tmp_path / "videos").mkdir()
        clips.make(tmp_path / "videos/a.mp4", pts=range(0, 3003, 1001))
        return tmp_path

    @pytest.mark.parametrize("suffix", [".tflite", ".pb", ".txt"])
    def test_not_a_model(self, workflow, folder, suffix):
        model = folder / f"model{suffix}"
        model.write_text("weights to follow\n" * 100)
        workflow.run(folder, {"videos": "videos", "model": str(model)}).refused(str(model))
        assert not (folder / "results/models").exists()

    def test_cut_model(self, workflow, folder):
        model = cut(folder / "cut.tflite", workflow.model)
        run = workflow.run(folder, {"videos": "videos", "model": str(model)})
        assert run.code != 0
        run.line(str(model))
        assert "Traceback" not in run.text
        assert remains(folder / "results", "model.tflite", "masks", "detections") == []

    def test_model_of_a_task_without_areas(self, workflow, folder):
        """The real file, with the name of another task in its metadata."""
        with zipfile.ZipFile(workflow.model) as archive:
            (entry,) = archive.infolist()
            metadata = archive.read(entry)
        assert b"'task': 'segment'" in metadata
        model = folder / "classify.tflite"
        model.write_bytes(workflow.model.read_bytes()[: entry.header_offset])
        with zipfile.ZipFile(model, "a") as archive:
            archive.writestr(entry.filename, metadata.replace(b"'task': 'segment'", b"'task': 'classify'"))
        workflow.run(folder, {"videos": "videos", "model": str(model)}).refused(
            "classify.tflite", "a YOLO export for 'classify', which gives no areas"
        )


class TestDisks:
    def test_a_full_disk(self, workflow, assets, tmp_path):
        """What fits is done; what does not says so and leaves no piece of itself."""
        (tmp_path / "videos").mkdir()
        clips.make(tmp_path / "videos/small.mp4")
        shutil.copy(assets / "videos/office/typing/mini_subject_2_typeset.MP4", tmp_path / "videos/too big.mp4")
        try:
            with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=9m", "tmpfs") as disk:
                run = workflow.run(disk, {"videos": str(tmp_path / "videos")})
                assert run.code != 0
                line = run.line("FAILED", "too big", "No space left on device")
                assert "results/" in line
                assert "Traceback" not in run.text
                assert sorted(remains(run.results, "too big"))[::-1] == [
                    "probe/too big.json",
                    "benchmarks/probe/too big.tsv",
                ]
                assert all(path.is_file() for path in outputs_of(run.results, "small"))
        except OSError as error:
            pytest.skip(f"mounting a small disk is not possible here: {error}")

    def test_results_on_a_read_only_disk(self, workflow, full_run, tmp_path):
        shutil.copytree(full_run.folder, tmp_path / "run", symlinks=True)
        try:
            with mounted(tmp_path / "run/results", "--bind", "-o", "ro", tmp_path / "run/results") as results:
                config = {"videos": "videos", "masks": {"threshold": 0.6}}
                workflow.run(tmp_path / "run", config).refused("results", "cannot be written", "--directory")
                assert remains(results) == []
        except OSError as error:
            pytest.skip(f"mounting is not possible here: {error}")


class TestPermissions:
    """As a user for whom a file's mode counts, which it does not for root."""

    CONFIG: ClassVar = {"videos": "videos", "outputs": ["masks"]}

    @pytest.fixture
    def folder(self, tmp_path):
        if not os.getuid() and not shutil.which("setpriv"):
            pytest.skip("needs setpriv, to start as a user without root's privileges")
        folder = tmp_path / "run"
        for name in ("locked", "open"):
            (folder / "videos").mkdir(parents=True, exist_ok=True)
            clips.make(folder / f"videos/{name}.mp4", pts=range(0, 5005, 1001))
        yield folder
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)

    def test_results_that_may_not_be_written(self, workflow, folder):
        (folder / "results").mkdir(mode=0o555)
        workflow.run(folder, self.CONFIG, privileged=False).refused("results", "cannot be written", "--directory")

    def test_a_working_directory_that_may_not_be_written(self, workflow, folder):
        folder.chmod(0o555)
        run = workflow.run(folder, self.CONFIG, privileged=False)
        assert run.code != 0
        assert not run.jobs
        run.line(str(folder))
        assert "Traceback" not in run.text

    def test_a_video_that_may_not_be_read_until_it_may(self, workflow, folder):
        locked = folder / "videos/locked.mp4"
        # Snakemake reads inputs of up to 1 MB itself, and would give up altogether when it may not.
        locked.chmod(0)
        run = workflow.run(folder, self.CONFIG, privileged=False)
        assert run.code != 0
        run.line("FAILED", "locked.mp4", "Permission denied")
        assert (run.results / "masks/open.mp4").is_file()
        assert "Traceback" not in run.text
        locked.chmod(0o644)
        run = workflow.run(folder, self.CONFIG, privileged=False).ok()
        assert (run.results / "masks/locked.mp4").is_file()
        assert set(run.videos) == {"locked"}
