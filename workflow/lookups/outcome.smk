# What becomes of videos that fail: they are named, and a further pass makes what spans videos of the others.
from objmask.running import further_pass
from objmask.running.orphans import find_results
from objmask.running.outcome import FailedJob, outcome
from objmask.inputs.unusable import remember

# A video that is kept back is counted and shown like any other.
HOLDS_NOTHING_UP = frozenset({"release"})
for video in EXCLUDED if workflow.is_main_process else ():
    say(f"EXCLUDED {video.with_place(WHY_EXCLUDED[video.name])}")


def at_start():
    """Ends this run when another one is at work in this folder; clears away what would be taken for results."""
    global INTERRUPTS
    INTERRUPTS = further_pass.Interrupts()
    try:
        job_commands.refuse_unquoted(workflow.executor_settings)
        hold(Path(".snakemake"))
        if not further_pass.is_further_pass():
            further_pass.FILE.unlink(missing_ok=True)
    except (ObjmaskError, OSError) as error:
        raise InputError(error) from None
    take_back(video.name for video in EXCLUDED if video.sha256)


def take_back(names):
    """Removes what there is of excluded videos to be handed on: it was made before they were found unusable."""
    names = list(names)
    gone = find_results(Path(RESULTS), names) if names else None
    if gone and gone.files:
        gone.remove(Path(RESULTS))
        say(f"{len(gone.files)} results of excluded videos are deleted ({', '.join(gone.videos)})")


def failed_jobs():
    """The jobs that Snakemake gave up. Of a group, which is one video's, those that say something."""
    for given_up in workflow.scheduler.failed:
        jobs = [
            FailedJob(
                job.rule.name,
                re.search(r"-m objmask (\S+)", job.rule.shellcmd or "-m objmask none")[1],
                job.wildcards.get("video"),
                tuple(Path(log) for log in job.log),
            )
            for job in (given_up.jobs if given_up.is_group() else [given_up])
        ]
        yield from [job for job in jobs if last_words(job.logs, STARTED)] or jobs[:1]


def is_left_to_do(left):
    """Whether anything of other videos, or of several, was asked for and could not be made."""
    jobs = [job for job in workflow.scheduler.remaining_jobs if job.wildcards.get("video") not in left.names]
    # The rule `all` makes nothing. But where nothing failed that counts, it ends the run well.
    return any(job.output for job in jobs) or (bool(jobs) and not left.failed)


def goes_on(found):
    """Has this run go on without the videos that failed, unless there is nothing to do without them."""
    left = LEFT_OUT.and_also(found.left)
    stop = found.left.failed and not workflow.execution_settings.keep_going
    of_none = any(job.video is None for job in failed_jobs())
    new = found.left.names - LEFT_OUT.names
    if stop or of_none or not new or INTERRUPTS.came or not further_pass.can_go_on() or not is_left_to_do(left):
        return False
    further_pass.go_on(left, folder=workflow.workdir_init, project=PROJECT, interrupts=INTERRUPTS)
    return True


def at_failure():
    """Says what failed; among hundreds of lines the ones that matter are lost: they come again, last."""
    found = outcome(failed_jobs(), VIDEO_BY_NAME, CFG, since=STARTED, harmless=HOLDS_NOTHING_UP)
    left = found.left
    others = [video for video in USED if video.name not in left.names]
    if others and found.unusable:
        remember(UNUSABLE_NOTES, {**KNOWN_UNUSABLE, **found.unusable})
        take_back(found.unusable)
    if others and goes_on(found):
        say(f"{len(left.names)} of {len(USED)} videos cannot be finished; going on with the others")
        return
    excluded = [VIDEO_BY_NAME[name].with_place(why) for name, why in left.excluded.items()]
    for line in nothing_hidden():
        say(line)
    # Those of earlier passes are said when the process ends.
    for line in [*found.lines, *left.lines, *excluded]:
        say(f"FAILED {line}", "error")
    if not others and left.names:
        say(f"FAILED no video could be finished, of {len(VIDEOS)}", "error")
    page = report_of_leaks()
    if page:
        say(f"what leaks is in {Path(workflow.overwrite_workdir or '', page)}", "error")
