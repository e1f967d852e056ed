"""Which videos are for training and which for testing: no subject in both."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from objmask.clips.names import Convention, file_name, label_and_subject
from objmask.errors import ConfigError
from objmask.files.csv_tables import Writer
from objmask.files.whole import atomic_path
from objmask.inputs.names import UNLABELLED

LOG = logging.getLogger(__name__)
COLUMNS = ("video", "label", "label_index", "subject", "split")


@dataclass(frozen=True)
class Example:
    """A video as one that is learnt from: its name, activity, and who wears the camera (or empty)."""

    video: str
    label: str
    subject: str = ""


def labels_of(examples: Iterable[Example]) -> list[str]:
    """The labels, in the order in which their folders sort: places in it are what Keras counts."""
    return sorted({example.label for example in examples}, key=file_name)


def divide(
    videos: Iterable[tuple[str, str, str]],
    *,
    names: Convention,
    share: float,
    seed: int,
    subjects: Iterable[str | int],
    leave_one_subject_out: bool,
) -> tuple[list[Example], frozenset[str]]:
    """The videos as examples, and the names of those to test with.

    It writes nothing, so a workflow can ask before it starts whether the videos can be divided like this.

    Args:
        videos: name, label and subject of each.
        names: what file names say.
        share: as for `choose_test`.
        seed: as for `choose_test`.
        subjects: as for `choose_test`.
        leave_one_subject_out: each subject is also to be the one that is tested with.

    Raises:
        ConfigError: as `choose_test`; or each subject is to be left out, and there are not two.
    """
    examples = [Example(name, *label_and_subject(name, label, subject, names)) for name, label, subject in videos]
    if leave_one_subject_out and len({example.subject for example in examples if example.subject}) < 2:
        raise ConfigError(
            "clips.split.leave_one_subject_out: needs two subjects or more; give them in a table's column subject, "
            "or set clips.names: fpvo"
        )
    return examples, choose_test(examples, share, seed, frozenset(str(subject) for subject in subjects))


def choose_test(examples: Sequence[Example], share: float, seed: int, subjects: Collection[str] = ()) -> frozenset[str]:
    """Names of the videos to test with.

    Those of `subjects` when any are named; else those of a share of the subjects, and of videos whose subject is
    unknown the same share of each label. Which ones is decided by checksums of seed and name. At least one of each is
    taken and one left, when there are two.

    Args:
        examples: all videos.
        share: to test with, 0..1; with 0 none.
        seed: changes who is taken.
        subjects: to test with, and nobody else.

    Raises:
        ConfigError: one of `subjects` is not there, or nobody else is.
    """
    known = {example.subject for example in examples if example.subject}
    if unknown := sorted(set(subjects) - known):
        there = ", ".join(sorted(known)) or "none, give them in a table"
        raise ConfigError(f"clips.split.test_subjects: there is no subject '{unknown[0]}'; known: {there}")
    if subjects and all(example.subject in subjects for example in examples):
        raise ConfigError("clips.split.test_subjects: leaves nothing to train with; name fewer")
    tested = frozenset(subjects or _taken(known, share, seed, "subject"))
    chosen = {example.video for example in examples if example.subject in tested}
    if not subjects:
        unowned = defaultdict(list)
        for example in examples:
            if not example.subject:
                unowned[example.label].append(example.video)
        for videos in unowned.values():
            chosen.update(_taken(videos, share, seed, "video"))
    return frozenset(chosen)


def write_splits(
    examples: Sequence[Example], test: Collection[str], out: Path, *, leave_one_subject_out: bool = False
) -> None:
    """Writes a folder: `train.txt`, `test.txt` (a video a line), `labels.txt`, `videos.csv`, and with
    `leave_one_subject_out` also `folds/<subject>/train.txt` and `test.txt`.

    Raises:
        OSError: the folder cannot be written.
    """
    examples = sorted(examples, key=lambda example: example.video)
    subjects = sorted({example.subject for example in examples if example.subject})
    with atomic_path(out) as folder:
        _write_lists(examples, test, folder)
        labels = labels_of(examples)
        (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
        _write_table(examples, test, labels, folder / "videos.csv")
        for subject in subjects if leave_one_subject_out else ():
            fold = {example.video for example in examples if example.subject == subject}
            _write_lists(examples, fold, folder / "folds" / file_name(subject))
    _say_what_is_odd(examples, test)


def _write_lists(examples: Sequence[Example], test: Collection[str], folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("train", "test"):
        videos = [example.video for example in examples if (example.video in test) == (name == "test")]
        (folder / f"{name}.txt").write_text("".join(f"{video}\n" for video in videos), encoding="utf-8")


def _write_table(examples: Sequence[Example], test: Collection[str], labels: list[str], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = Writer(stream)
        rows.row(COLUMNS)
        for one in examples:
            split = "test" if one.video in test else "train"
            rows.row((one.video, one.label, labels.index(one.label), one.subject, split))


def _say_what_is_odd(examples: Sequence[Example], test: Collection[str]) -> None:
    trained = {example.label for example in examples if example.video not in test}
    untrained = sorted({example.label for example in examples} - trained)
    if untrained:
        LOG.warning("clips: only test videos have the label '%s'; nothing can learn it", untrained[0])
    if not test:
        LOG.warning("clips: no video to test with: that takes two subjects, or two videos with one label")
    unlabelled = [example.video for example in examples if example.label == UNLABELLED]
    if unlabelled:
        LOG.warning(
            "clips: %d of the videos have no label, %s is the first; they make a class '%s'; use folders, or a table",
            *(len(unlabelled), unlabelled[0], UNLABELLED),
        )


def _taken(names: Iterable[str], share: float, seed: int, what: str) -> list[str]:
    """A share of names, by their checksums: a further name displaces one at most, and no other order matters."""
    ordered = sorted(names, key=lambda name: hashlib.sha256(f"{seed}\0{what}\0{name}".encode()).digest())
    if len(ordered) < 2 or not share:
        return []
    return ordered[: min(len(ordered) - 1, max(1, round(share * len(ordered))))]
