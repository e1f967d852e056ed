"""The verbs, from a video and its detections to what Keras and TensorFlow read."""

from __future__ import annotations

import csv
import json
import os
import shutil
from fractions import Fraction

import cv2
import numpy as np
import pytest
from builders import found, write_detections
from clips import REGULAR, STEP, VARIABLE, make, picture

from objmask.cli import main
from objmask.clips.clip import Clips
from objmask.clips.names import file_name
from objmask.detections.arrays import DetectionWriter
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.files.whole import sha256_of
from objmask.video import probe

GROUPS = '{"drink": {"objects": ["cup"], "colour": [0, 0, 255]}}'
HALF = found(("cup", 0.9, (0, 0, 1, 0.5)))


def run(verb, *flags, **options):
    """Calls a verb as the workflow does, `--flag=value`; returns the exit code."""
    return main([verb, *flags, *(f"--{name.replace('_', '-')}={value}" for name, value in options.items())])


class Made:
    """A video with a cup in the left half of every frame, probed and detected."""

    def __init__(self, folder, copy_of=None, **video):
        folder.mkdir(exist_ok=True, parents=True)
        self.video = shutil.copy(copy_of, folder / "a.mp4") if copy_of else make(folder / "a.mp4", **video)
        self.folder, self.info = folder, probe(self.video)
        assert run("probe", video=self.video, out=folder / "p.json") == 0
        pts = list(video.get("pts", REGULAR))
        write_detections(
            folder / "d.parquet", [HALF] * len(pts), pts,
            video_sha256=self.info.sha256, time_base=str(self.info.time_base), start_pts=pts[0],
        )  # fmt: skip

    def options(self, *, detections="d.parquet", **more):
        """For `clips`, when these detections are painted."""
        decided = {"probe": self.folder / "p.json", "groups": GROUPS}
        painted = self.folder / f"painted/{detections}"
        assert run("paint", **decided, detections=self.folder / detections, out=painted) == 0
        given = {**decided, "painted": painted, "frames_table": frames_path(painted)}
        return {**given, "name": "desk/a", "out": self.folder / "a.npz", **more}

    def protect(self, objects, *, detections="d.parquet", **more):
        """The protected video."""
        hidden, out = self.folder / f"hidden/{detections}", self.folder / "protected.mp4"
        decided = {"probe": self.folder / "p.json", "detections": self.folder / detections, "objects": objects}
        assert run("hide", **decided, out=hidden) == 0
        given = {"video": self.video, "probe": self.folder / "p.json", "hidden": hidden, "quality": 1}
        assert run("protect", **given, **more, out=out) == 0
        return out

    def clips(self, **more):
        assert run("clips", **self.options(**more)) == 0
        return Clips.read(self.folder / "a.npz")


@pytest.fixture
def made(tmp_path):
    return Made(tmp_path / "made")


def fails(capsys, verb, **options):
    assert run(verb, **options) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if " in " not in line]
    assert len(lines) == 1, lines
    return lines[0]


def test_masks(made):
    clips = made.clips(frames=10, label="desk", subject="x")
    assert clips.frames.shape == (1, 10, 64, 64, 3)
    assert (clips.frames[..., :32, :] == (0, 0, 255)).all()
    assert not clips.frames[..., 33:, :].any()
    (numbers,) = clips.frame_number
    assert len(set(np.diff(numbers).tolist())) == 1
    assert clips.time_s[0] == pytest.approx(numbers * float(STEP * made.info.time_base))
    assert (clips.label, clips.subject, clips.video) == ("desk", "x", "desk/a")


def test_masks_do_not_need_the_video(made):
    made.video.unlink()
    made.clips()


def test_width_and_height(made):
    assert made.clips(width=20, height=7, frames=2).frames.shape == (1, 2, 7, 20, 3)


def test_the_picture(made):
    clips = made.clips(of="picture", video=made.video, frames=8, width=64, height=48)
    for shown, number in zip(clips.frames[0], clips.frame_number[0], strict=True):
        assert np.abs(shown.astype(int) - picture(int(number), 64, 48)).mean() < 8


def test_protected_video_hides_what_it_hides(made):
    protected = made.protect('["cup"]', style="solid")
    clips = made.clips(of="protected", video=protected, frames=4, width=64, height=48)
    assert np.abs(clips.frames[..., :30, :].astype(int) - 130).max() < 12
    assert clips.frames[..., 40:, :].std() > 10


@pytest.mark.parametrize("of", ["picture", "protected"])
def test_a_window_keeps_numbers_and_times_of_the_source(tmp_path, of):
    made = Made(tmp_path)
    with DetectionWriter(
        tmp_path / "w.parquet", tmp_path / "w.frames.parquet",
        {"video_sha256": made.info.sha256, "time_base": str(made.info.time_base), "start_pts": 0},
    ) as writer:  # fmt: skip
        for number in range(5, 12):
            writer.write(number, number * STEP, STEP, inferred=True, found=HALF)
    window = {"start_s": 4.5 * STEP / 30000, "end_s": 11.5 * STEP / 30000}
    protected = made.protect('["dog"]', detections="w.parquet", **window)
    source = made.video if of == "picture" else protected
    small = {"frames": 3, "width": 64, "height": 48, "sampling": "even"}
    clips = made.clips(detections="w.parquet", of=of, video=source, **small)
    assert clips.frame_number.tolist() == [[5, 7, 9]]
    assert clips.time_s[0] == pytest.approx(np.array([5, 7, 9]) * STEP / 30000)
    for shown, number in zip(clips.frames[0], (5, 7, 9), strict=True):
        assert np.abs(shown.astype(int) - picture(number, 64, 48)).mean() < 8


@pytest.mark.parametrize("video", [
    {"pts": (0,)}, {"size": (2, 2)}, {"size": (63, 47), "pix_fmt": "yuv444p"}, {"pts": VARIABLE}, {"rotation": 90},
])  # fmt: skip
@pytest.mark.parametrize("of", ["masks", "picture"])
def test_odd_videos(tmp_path, video, of):
    made = Made(tmp_path, **video)
    clips = made.clips(of=of, video=made.video)
    assert clips.frames.shape == (1, 40, 64, 64, 3)
    assert clips.frames.any()
    assert clips.frame_number[0, -1] == made.info.frames - 1


def test_short_clips_are_filled_with_black_when_asked(made):
    clips = made.clips(short="zeros")
    assert clips.frames[0, :20].any((1, 2, 3)).all()
    assert not clips.frames[0, 20:].any()
    assert clips.frame_number[0, 20:].tolist() == [-1] * 20
    assert np.isnan(clips.time_s[0, 20:]).all()


def test_videos_of_unequal_rates_show_the_same_times(tmp_path):
    slow = Made(tmp_path / "slow", pts=range(0, 30000, 1000))
    fast = Made(tmp_path / "fast", pts=range(0, 30000, 250))
    both = [made.clips(rate=10, frames=5) for made in (slow, fast)]
    assert both[0].time_s.tolist() == both[1].time_s.tolist()
    assert both[0].frame_number.tolist() != both[1].frame_number.tolist()


def test_only_faster_videos_are_turned(tmp_path):
    made = Made(tmp_path, pts=range(0, 5 * 250, 250))  # 120 frames/s
    upright, turned, at = (made.clips(frames=2, flip_when_fps_over=over) for over in (121, 100, float(made.info.rate)))
    assert (turned.frames == upright.frames[..., ::-1, ::-1, :]).all()
    assert (turned.frames != upright.frames).any()
    assert (at.frames == upright.frames).all()


def test_frames_that_nothing_looked_at_are_not_taken_for_empty(made):
    with DetectionWriter(
        made.folder / "d.parquet", frames_path(made.folder / "d.parquet"),
        {"video_sha256": made.info.sha256, "time_base": str(made.info.time_base), "start_pts": 0},
    ) as writer:  # fmt: skip
        for n in range(20):
            writer.write(n, n * STEP, STEP, inferred=n % 5 == 0, found=HALF if n % 5 == 0 else found())
    clips = made.clips(frames=4)
    assert clips.frame_number.tolist() == [[0, 5, 10, 15]]
    assert clips.frames.any((2, 3, 4)).all()


def test_the_same_files_in_every_folder(tmp_path):
    files = []
    video = make(tmp_path / "a.mp4")  # encoded once: encoders do not promise the same bytes twice
    for name in ("here", "über dort"):
        made = Made(tmp_path / name, copy_of=video)
        made.clips(provenance=made.folder / "provenance.json", per_video=2, frames=5)
        files.append((made.folder / "a.npz", made.folder / "provenance.json"))
    for first, second in zip(*files, strict=True):
        assert first.read_bytes() == second.read_bytes()
    assert str(tmp_path) not in files[0][1].read_text()
    assert json.loads(files[0][1].read_text())["settings"]["per_video"] == 2


def test_nothing_to_show(capsys, made):
    table = FrameTable.read(made.folder / "d.frames.parquet")
    FrameTable(
        table.number, table.pts, table.duration_pts, ~table.inferred, table.detections, table.time_base, 0
    ).write(made.folder / "d.frames.parquet", {"video_sha256": made.info.sha256})
    given = made.options()
    capsys.readouterr()
    assert "no frame" in fails(capsys, "clips", **given)
    assert not (made.folder / "a.npz").exists()


def test_what_is_missing_is_said(capsys, made):
    given = made.options()
    capsys.readouterr()
    assert "--video" in fails(capsys, "clips", **{**given, "of": "picture"})
    for name in ("groups", "painted"):
        assert f"--{name}" in fails(capsys, "clips", **{key: one for key, one in given.items() if key != name})
    other = make(made.folder / "b.mp4", pts=REGULAR[:7])
    assert "run protect again" in fails(capsys, "clips", **{**given, "of": "protected", "video": other})
    assert not (made.folder / "a.npz").exists()


def test_tables_of_something_else_are_refused(capsys, made):
    given = made.options()
    shorter = {"video_sha256": made.info.sha256, "time_base": str(made.info.time_base)}
    write_detections(made.folder / "s.parquet", [HALF] * 7, **shorter)
    write_detections(made.folder / "o.parquet", [HALF] * 20, video_sha256="0" * 64)
    capsys.readouterr()
    for name, said in (("s", "has other frames"), ("o", "another video")):
        table = frames_path(made.folder / f"{name}.parquet")
        assert said in fails(capsys, "clips", **{**given, "frames_table": table})
    assert "other groups" in fails(capsys, "clips", **{**given, "groups": GROUPS.replace("cup", "mug")})
    assert not (made.folder / "a.npz").exists()


VIDEOS = {
    "typing/a": ("typing", "1"),
    "typing/b": ("typing", "2"),
    "a/b": ("<script>alert('x')</script>", "1"),
    "a%2Fb": ("<script>alert('x')</script>", "2"),
    "x": ("unlabelled", ""),
    "y": ("wash/dry hands", "2"),
    "z $(touch x)": ("日本語 \N{HOT BEVERAGE}", ""),
    'w "quoted"': ("..", "1"),
}


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Clips of videos with hostile names and labels, and their table."""
    folder = tmp_path_factory.mktemp("many")
    made = Made(folder / "made", pts=REGULAR[:5])
    with (folder / "videos.tsv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, delimiter="\t", lineterminator="\n")
        table.writerow(("name", "label", "subject", "excluded"))
        for name, (label, subject) in VIDEOS.items():
            table.writerow((name, label, subject, ""))
            made.clips(name=name, label=label, subject=subject, frames=3, out=made.folder / "a.npz")
            (folder / "npz" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(made.folder / "a.npz", folder / f"npz/{name}.npz")
        table.writerow(("broken", "typing", "", "broken.mp4: cannot be opened"))
    return folder


def test_splits_leave_out_what_is_excluded(many):
    assert run("clip-splits", videos=many / "videos.tsv", test_subjects='["2"]', out=many / "splits") == 0
    train, test = ((many / f"splits/{name}.txt").read_text().splitlines() for name in ("train", "test"))
    assert test == ["a%2Fb", "typing/b", "y"]
    assert sorted(train + test) == sorted(VIDEOS)


@pytest.mark.parametrize("text", ["x", "{}", '"a"', "[[1]]", "[null]"])
def test_subjects_that_are_no_list_of_names(capsys, many, tmp_path, text):
    line = fails(capsys, "clip-splits", videos=many / "videos.tsv", test_subjects=text, out=tmp_path / "s")
    assert "--test-subjects" in line


def test_numbers_are_names_too(many, tmp_path):
    assert run("clip-splits", videos=many / "videos.tsv", test_subjects="[2]", out=tmp_path / "s") == 0
    assert "typing/b" in (tmp_path / "s/test.txt").read_text()


def images(many, out):
    assert run("clip-images", clips=many / "npz", videos=many / "videos.tsv", out=out) == 0
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*.png"))


def test_keras_reads_the_folders(many, tmp_path):
    from objmask.models.quiet_tensorflow import tf

    assert len(images(many, tmp_path / "png")) == 3 * len(VIDEOS)
    data = tf.keras.utils.image_dataset_from_directory(
        str(tmp_path / "png"), image_size=(64, 64), batch_size=None, shuffle=False, verbose=False
    )
    assert run("clip-splits", videos=many / "videos.tsv", out=tmp_path / "splits") == 0
    labels = (tmp_path / "splits/labels.txt").read_text(encoding="utf-8").splitlines()
    assert data.class_names == [file_name(label) for label in labels]
    assert set(labels) == {label for label, _ in VIDEOS.values()}
    found = [(int(label), shown.numpy()) for shown, label in data]
    with (tmp_path / "splits/videos.csv").open(newline="", encoding="utf-8") as stream:
        indices = sorted(int(row["label_index"]) for row in csv.DictReader(stream) for _ in range(3))
    assert sorted(label for label, _ in found) == indices
    assert all((shown[:, :30] == (0, 0, 255)).all() for _, shown in found)


def test_folders_are_the_clips(many, tmp_path):
    names = images(many, tmp_path / "png")
    assert "typing/typing%2Fa/00.png" in names
    assert len({os.path.dirname(name) for name in names}) == len(VIDEOS)
    clip = Clips.read(many / "npz/typing/a.npz")
    shown = cv2.imread(str(tmp_path / "png/typing/typing%2Fa/02.png"))[..., ::-1]
    assert (shown == clip.frames[0, 2]).all()
    first = {path: path.read_bytes() for path in (tmp_path / "png").rglob("*.png")}
    images(many, tmp_path / "png")
    assert first == {path: path.read_bytes() for path in (tmp_path / "png").rglob("*.png")}


def test_a_relabelled_video_leaves_its_old_folder(many, tmp_path):
    shutil.copytree(many, tmp_path / "copy")
    before = images(tmp_path / "copy", tmp_path / "png")
    clip = Clips.read(tmp_path / "copy/npz/y.npz")
    Clips(clip.frames, clip.frame_number, clip.time_s, "walking", "", "y").write(tmp_path / "copy/npz/y.npz")
    after = images(tmp_path / "copy", tmp_path / "png")
    assert set(after) - set(before) == {f"walking/y/0{k}.png" for k in range(3)}
    assert not any("dry" in name for name in after)


def test_several_clips_a_video(many, tmp_path):
    clip = Clips.read(many / "npz/x.npz")
    (tmp_path / "npz").mkdir()
    several = {key: np.concatenate([getattr(clip, key)] * 2) for key in ("frames", "frame_number", "time_s")}
    Clips(**several, label="a", subject="", video="x").write(tmp_path / "npz/x.npz")
    (tmp_path / "videos.tsv").write_text("name\tlabel\tsubject\texcluded\nx\ta\t\t\n")
    assert {os.path.dirname(name) for name in images(tmp_path, tmp_path / "png")} == {"a/x.0", "a/x.1"}


def test_a_missing_clip_leaves_no_folder(capsys, many, tmp_path):
    options = {"videos": many / "videos.tsv", "out": tmp_path / "png"}
    assert "npz" in fails(capsys, "clip-images", clips=tmp_path, **options)
    assert not (tmp_path / "png").exists()


def records(many, out):
    assert run("clip-splits", videos=many / "videos.tsv", test_subjects='["2"]', out=out / "splits") == 0
    assert run("clip-records", clips=many / "npz", splits=out / "splits", out=out / "records") == 0
    return out / "records"


def test_tensorflow_reads_the_records(many, tmp_path):
    from objmask.models.quiet_tensorflow import tf

    folder = records(many, tmp_path)
    context = {
        **{name: tf.io.FixedLenFeature([], tf.string) for name in ("label", "subject", "video")},
        **{name: tf.io.FixedLenFeature([], tf.int64) for name in ("label_index", "clip", "height", "width")},
    }
    lists = {
        "frames": tf.io.FixedLenSequenceFeature([], tf.string),
        "frame_number": tf.io.FixedLenSequenceFeature([], tf.int64),
        "time_s": tf.io.FixedLenSequenceFeature([], tf.float32),
    }
    labels = (tmp_path / "splits/labels.txt").read_text(encoding="utf-8").splitlines()
    seen = {}
    for split in ("train", "test"):
        for record in tf.data.TFRecordDataset(str(folder / f"{split}.tfrecord")):
            said, shown = tf.io.parse_single_sequence_example(record, context, lists)
            name = said["video"].numpy().decode()
            seen[name] = split
            clip = Clips.read(many / f"npz/{name}.npz")
            pictures = np.stack([tf.io.decode_png(item).numpy() for item in shown["frames"]])
            assert (pictures == clip.frames[0]).all()
            assert shown["frame_number"].numpy().tolist() == clip.frame_number[0].tolist()
            assert shown["time_s"].numpy() == pytest.approx(clip.time_s[0])
            assert (said["label"].numpy().decode(), said["subject"].numpy().decode()) == VIDEOS[name]
            assert labels[int(said["label_index"])] == VIDEOS[name][0]
            assert (int(said["height"]), int(said["width"])) == (64, 64)
    assert {name for name, split in seen.items() if split == "test"} == {"a%2Fb", "typing/b", "y"}
    assert set(seen) == set(VIDEOS)


def test_equal_clips_give_equal_records(many, tmp_path):
    digests = {sha256_of(records(many, tmp_path / name) / "train.tfrecord") for name in ("a", "b")}
    assert len(digests) == 1


def test_a_label_that_the_lists_lack(capsys, many, tmp_path):
    records(many, tmp_path)
    capsys.readouterr()
    (tmp_path / "splits/labels.txt").write_text("typing\n")
    options = {"clips": many / "npz", "splits": tmp_path / "splits", "out": tmp_path / "records"}
    assert "label" in fails(capsys, "clip-records", **options)


def test_times_as_fractions_of_the_source(tmp_path):
    """A start far from zero, in a clock of its own."""
    made = Made(tmp_path, pts=[90000 + k * 3003 for k in range(6)], time_base=Fraction(1, 90000))
    assert made.clips(frames=6).time_s[0] == pytest.approx(np.arange(6) * 3003 / 90000)
