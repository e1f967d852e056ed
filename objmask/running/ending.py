"""How a pass begins and ends: what failed is said last, and a further pass makes what spans videos of the others."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from objmask.audit.turns import Turns
from objmask.hidden.unhidden import ADVICE, Unhidden, worst_first
from objmask.inputs.unusable import remember
from objmask.jobs import commands
from objmask.jobs.logs import last_words
from objmask.running import further_pass
from objmask.running.folder_lock import hold
from objmask.running.further_pass import LeftOut
from objmask.running.orphans import find_results
from objmask.running.outcome import FailedJob, Outcome, outcome
from objmask.running.plan import RESULTS, Plan
from objmask.running.read_plan import UNUSABLE
from objmask.running.refusal import say

_HOLDS_NOTHING_UP = frozenset({"release"})
"""A video that is kept back is counted and shown like any other."""
_MOST_NAMED = 20
"""So many videos in which nothing is hidden are named on the console."""


class Pass:
    """A pass of the workflow, in the process that the user started; its folder is the working folder.

    Attributes:
        started: s, as `time.time`.
    """

    def __init__(self, plan: Plan, workflow: Any, project: str) -> None:
        """A pass that has not begun.

        Args:
            plan: what it is about.
            workflow: Snakemake's.
            project: where the workflow lies.
        """
        self._plan, self._workflow, self._project = plan, workflow, project
        self.started = time.time()
        self._interrupts: further_pass.Interrupts | None = None

    def begin(self) -> None:
        """Keeps other runs out of this folder; clears away what would be taken for results.

        Raises:
            ObjmaskError: another one is at work here.
            OSError: something cannot be written.
        """
        self._interrupts = further_pass.Interrupts()
        commands.refuse_unquoted(self._workflow.executor_settings)
        hold(Path(".snakemake"))
        if not further_pass.is_further_pass():
            further_pass.FILE.unlink(missing_ok=True)
        _take_back(video.name for video in self._plan.excluded if video.sha256)

    def succeed(self) -> None:
        """Says what to know of what has been made."""
        for line in self._nothing_hidden():
            say(line)
        page = Path(RESULTS, "report.html")
        # Of a part of the files that are asked for there may be no report.
        if "report" in self._plan.config["outputs"] and page.is_file():
            say(f"open {self._shown(page)}", "info")

    def fail(self) -> None:
        """Says what failed; among hundreds of lines the ones that matter are lost: they come again, last."""
        plan = self._plan
        failed = list(self._failed_jobs())
        found = outcome(failed, plan.by_name, plan.config, since=self.started, harmless=_HOLDS_NOTHING_UP)
        left = found.left
        others = [video for video in plan.used if video.name not in left.names]
        if others and found.unusable:
            remember(UNUSABLE, {**plan.noted, **found.unusable})
            _take_back(found.unusable)
        if others and self._goes_on(found, of_none=any(job.video is None for job in failed)):
            say(f"{len(left.names)} of {len(plan.used)} videos cannot be finished; going on with the others")
            return
        excluded = [plan.by_name[name].with_place(why) for name, why in left.excluded.items()]
        for line in self._nothing_hidden():
            say(line)
        # Those of earlier passes are said when the process ends.
        for line in [*found.lines, *left.lines, *excluded]:
            say(f"FAILED {line}", "error")
        if not others and left.names:
            say(f"FAILED no video could be finished, of {len(plan.videos)}", "error")
        page = self._report_of_leaks()
        if page:
            say(f"what leaks is in {self._shown(page)}", "error")

    def _failed_jobs(self) -> Iterator[FailedJob]:
        """The jobs that Snakemake gave up. Of a group, which is one video's, those that say something."""
        for given_up in self._workflow.scheduler.failed:
            jobs = [_failed_job(job) for job in (given_up.jobs if given_up.is_group() else [given_up])]
            yield from [job for job in jobs if last_words(job.logs, self.started)] or jobs[:1]

    def _goes_on(self, found: Outcome, *, of_none: bool) -> bool:
        """Has this run go on without the videos that failed, unless there is nothing to do without them."""
        left = self._plan.left_out.and_also(found.left)
        stop = found.left.failed and not self._workflow.execution_settings.keep_going
        new = found.left.names - self._plan.left_out.names
        interrupts = self._interrupts
        if stop or of_none or not new or interrupts is None or interrupts.came:
            return False
        if not further_pass.can_go_on() or not self._is_left_to_do(left):
            return False
        folder = self._workflow.workdir_init
        further_pass.go_on(left, folder=folder, project=self._project, interrupts=interrupts)
        return True

    def _is_left_to_do(self, left: LeftOut) -> bool:
        """Whether anything of other videos, or of several, was asked for and could not be made."""
        remaining = self._workflow.scheduler.remaining_jobs
        jobs = [job for job in remaining if job.wildcards.get("video") not in left.names]
        # The rule `all` makes nothing. But where nothing failed that counts, it ends the run well.
        return any(job.output for job in jobs) or (bool(jobs) and not left.failed)

    def _nothing_hidden(self) -> Iterator[str]:
        """A line for each protected video in which, or in a long part of which, nothing is hidden; worst first."""
        made = {v.name: Path(RESULTS, f"hidden/{v.name}.json") for v in self._plan.used if self._plan.hides}
        found = worst_first((name, Unhidden.read(path)) for name, path in made.items() if path.is_file())
        for name, unhidden in found[:_MOST_NAMED]:
            tried = Path(RESULTS, f"turns/{name}.json")
            advice = Turns.read(tried).advice(name) if self._plan.audited and tried.is_file() else ADVICE
            yield f"NOTHING HIDDEN {name}: {unhidden.sentence(advice)}"
        if len(found) > _MOST_NAMED:
            yield f"NOTHING HIDDEN in long parts of {len(found) - _MOST_NAMED} more videos, which the report names"

    def _report_of_leaks(self) -> Path | None:
        """The report, when it has what every audit found: a run that keeps videos back does not end without it."""
        page = Path(RESULTS, "report.html")
        if not self._plan.audited or "report" not in self._plan.config["outputs"] or not page.is_file():
            return None
        audits = [Path(path) for path in self._plan.per_video("audit/{video}.json")]
        made = page.stat().st_mtime
        return page if all(path.is_file() and path.stat().st_mtime <= made for path in audits) else None

    def _shown(self, page: Path) -> Path:
        """A path as the user knows it, who may have given the command elsewhere."""
        return Path(self._workflow.overwrite_workdir or "", page)


def _take_back(names: Iterable[str]) -> None:
    """Removes what there is of excluded videos to be handed on: it was made before they were found unusable."""
    names = list(names)
    gone = find_results(Path(RESULTS), names) if names else None
    if gone and gone.files:
        gone.remove(Path(RESULTS))
        say(f"{len(gone.files)} results of excluded videos are deleted ({', '.join(gone.videos)})")


def _failed_job(job: Any) -> FailedJob:
    """What objmask has to know of a job of Snakemake's."""
    verb = re.search(r"-m objmask (\S+)", job.rule.shellcmd or "")
    logs = tuple(Path(log) for log in job.log)
    return FailedJob(job.rule.name, verb[1] if verb else "none", job.wildcards.get("video"), logs)
