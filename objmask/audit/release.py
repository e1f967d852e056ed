"""Lets a protected video through to where it may be given away, or keeps it back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from objmask.audit.documents import read_audit
from objmask.errors import DataError, ObjmaskError
from objmask.files.whole import atomic_path, sha256_of
from objmask.hidden.unhidden import NothingHidden


def release(
    video: Path, audit: Path, fail_over: float | None, nothing_hidden: NothingHidden, quarantine: Path, out: Path
) -> None:
    """Copies a protected video to `out`, or, when it leaks too much or hides nothing, puts it to `quarantine`.

    Args:
        video: protected, not yet let through.
        audit: what `audit` wrote of it.
        fail_over: leaking frames in 1,000 above which it is kept back; None: it never is.
        nothing_hidden: `fail`: it also is when nothing at all is hidden in it, or in a long part of it.
        quarantine: file to write then.
        out: file to write; earlier ones of both are removed first, so none is left when this one is refused.

    Raises:
        DataError: the audit is of another file.
        ObjmaskError: the video leaks too much, or hides nothing.
        OSError: a file cannot be written.
    """
    for earlier in (quarantine, out):
        earlier.unlink(missing_ok=True)
    document = read_audit(audit)
    if sha256_of(video) != document["protected_sha256"]:
        raise DataError(f"{audit}: is of another version of {video}; run audit again")
    if reasons := _reasons(document, audit, fail_over, nothing_hidden):
        _link_or_copy(video, quarantine)
        raise ObjmaskError(f"{quarantine}: {'; '.join(reasons)}")
    with atomic_path(out) as temporary:
        # A copy of its own, since a link would have the times of the file that was audited.
        shutil.copyfile(video, temporary)
        if sha256_of(temporary) != document["protected_sha256"]:
            raise DataError(f"{video}: was changed while it was copied; run audit again")


def _reasons(
    document: dict[str, Any], audit: Path, fail_over: float | None, nothing_hidden: NothingHidden
) -> list[str]:
    """Why a video is kept back."""
    reasons = []
    summary, unhidden = document["summary"], document["unhidden"]
    if nothing_hidden == "fail" and unhidden.part:
        reasons.append(f"is kept back (privacy.nothing_hidden: fail): {unhidden.sentence()}")
    leaking = summary["leaking_per_1000"]
    # What is not known to leak little enough is kept back: a comparison with what is no number would be false.
    if fail_over is not None and not leaking <= fail_over:
        reasons.append(
            f"{leaking:g} of 1,000 frames leak, above audit.fail_over {fail_over:g} (longest: "
            f"{summary['longest_run_s']:g} s from frame {summary['longest_run_first']}); look at {audit}, hide more, "
            "or raise the limit"
        )
    return reasons


def _link_or_copy(source: Path, final: Path) -> None:
    with atomic_path(final) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)
