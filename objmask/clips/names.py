"""What file names say: FPV-O and BON names to labels and subjects; labels and videos to names of files."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from objmask.inputs.names import UNLABELLED

Convention = Literal["plain", "fpvo"]
_SUBJECT_FOLDER = re.compile(r"(?:subject|subj|person|participant)[ _-]?0*(\d+)", re.I)
_BY_SUBJECT = re.compile(r"(?:mini_)?subject[ _-]?0*(?P<subject>\d+)_(?P<label>[^\W\d]\w*?)(?:-(?P<take>\d+))?", re.I)
_BY_NUMBERS = re.compile(r"0*(?P<subject>\d+)_(?P<sequence>\d+)_(?P<label>[^\W\d]\w*?)(?:-(?P<take>\d+))?")
_BY_SEQUENCE = re.compile(r"(?P<sequence>\d+)(?P<label>[^\W\d_]\w*?)(?:-(?P<take>\d+))?")
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|%{}\[\]]|^[. ]|[. ]$')
_MOST_BYTES = 180
"""Of a file's name, which may have 255: the rest is for what comes after."""


@dataclass(frozen=True)
class Named:
    """What a video's name says; empty where it says nothing.

    Attributes:
        subject: number of the camera's wearer, without leading zeros.
        sequence: number of the recording.
        label: the activity.
        take: number behind a dash.
    """

    subject: str = ""
    sequence: str = ""
    label: str = ""
    take: str = ""


def parse_fpvo(video: str) -> Named:
    """What a name of the FPV-O or BON sets says.

    `1_10_walk`: subject, sequence, label. `mini_subject_2_typeset`: subject, label. `0dry-2`: sequence, label, take;
    the subject is that of the nearest folder with a name such as `subject_3`, if there is one.

    Args:
        video: its name, the path below the input folder without suffix.
    """
    *folders, stem = video.split("/")
    for form in (_BY_SUBJECT, _BY_NUMBERS, _BY_SEQUENCE):
        if match := form.fullmatch(stem):
            said = {key: value or "" for key, value in match.groupdict().items()}
            return Named(**{"subject": _subject(folders), **said})
    return Named(subject=_subject(folders))


def label_and_subject(video: str, label: str, subject: str, names: Convention) -> tuple[str, str]:
    """The label and subject of a video: its folder's or table's, completed by what its name says.

    Args:
        video: its name.
        label: from the folder or the table, which count more than the name unless the folder names a subject.
        subject: from the table, or empty.
        names: `plain` names say nothing.
    """
    if names == "plain":
        return label, subject
    said = parse_fpvo(video)
    if label == UNLABELLED or _SUBJECT_FOLDER.fullmatch(label):
        label = said.label or label
    return label, subject or said.subject


def file_name(text: str) -> str:
    """A text as the name of a file or folder on every system; different texts give different names.

    What file systems refuse, or take for something else, is percent-encoded; long names end in a checksum.
    """
    safe = _NOT_IN_NAMES.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), text)
    if len(safe.encode()) <= _MOST_BYTES:
        return safe or "%"
    kept = safe.encode()[:_MOST_BYTES].decode(errors="ignore")
    return f"{kept}%{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _subject(folders: list[str]) -> str:
    """The number of the nearest folder that names a subject."""
    return next((match[1] for folder in reversed(folders) if (match := _SUBJECT_FOLDER.fullmatch(folder))), "")
