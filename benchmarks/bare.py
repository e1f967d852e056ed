"""The jobs of a plan as a workflow without the project's code: constant params, plain patterns, the command `true`.

Each rule is derived from its first job; the script ends when the others do not follow from that one's patterns.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAME = re.compile(r"walk_\d\d/clip_\d{4}")
"""Names of the videos that plans are made for."""


def describe(dag: Any) -> None:
    """Writes the Snakefile `bare/Snakefile`: the jobs of a plan by plain rules."""
    target = dag.workflow.default_target
    rules = sorted({job.rule for job in dag.jobs}, key=lambda rule: (rule.name != target, rule.name))
    videos = sorted({match[0] for job in dag.jobs for file in job.output if (match := NAME.search(file))})
    lines = ['VIDEOS = open("names.txt").read().split()']
    for rule in rules:
        lines += ["", "", *_bare_rule([job for job in dag.jobs if job.rule is rule])]
    Path("bare").mkdir()
    Path("bare/Snakefile").write_text("\n".join([*lines, ""]))
    Path("bare/names.txt").write_text("\n".join(videos))
    # What no job makes is there before: the videos, and tables that the workflow writes when it is read.
    made = {str(file) for job in dag.jobs for file in job.output}
    for given in {Path(file) for job in dag.jobs for file in job.input if str(file) not in made}:
        copy = Path("bare", given)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.hardlink_to(given)


def _bare_rule(jobs: list[Any]) -> Iterator[str]:
    job = jobs[0]
    yield from (f"rule {job.rule.name}:", "    input:")
    for name, files in _named(job.input).items():
        patterns = [_pattern(file, job.wildcards) for file in files]
        _refuse_irregular(jobs, name, patterns)
        codes = [repr(pattern) for pattern in patterns]
        if not job.wildcards:
            codes = [_of_all_videos(pattern) for pattern in dict.fromkeys(NAME.sub("{video}", p) for p in patterns)]
        yield f"        {name}{_flagged(codes, files[0])},"
    if job.output:
        yield "    output:"
        for name, files in _named(job.rule.output).items():
            yield f"        {name}{_flagged([repr(str(file)) for file in files], files[0])},"
        yield "    params:"
        yield from (f"        {name}={value!r}," for name, value in job.params.items())
        yield from (f"    log: {str(file)!r}" for file in job.rule.log)
        yield from (f"    benchmark: {str(file)!r}" for file in [job.rule.benchmark] if file)
        yield from (f"    threads: {job.threads}", "    resources:")
        kinds = [name for name in ("mem_mb", "runtime", "gpu") if name in job.rule.resources]
        yield from (f"        {name}={job.resources[name]!r}," for name in kinds)
        yield '    shell: "true"'


def _named(files: Any) -> dict[str, list[Any]]:
    """The parts of an input or output by `name=`, and those without a name together."""
    parts: dict[str, list[Any]] = {}
    for name, part in files._allitems():
        found = list(part) if isinstance(part, list | tuple) else [part]
        if found:
            parts.setdefault(f"{name}=" if name else "", []).extend(found)
    return parts


def _pattern(file: Any, wildcards: Any) -> str:
    """A job's file as a pattern of its wildcards, the longest values first."""
    pattern = str(file)
    for name, value in sorted(wildcards.items(), key=lambda pair: -len(pair[1])):
        pattern = re.sub(rf"(?<![^/.]){re.escape(value)}(?![^/.])", f"{{{name}}}", pattern)
    return pattern


def _of_all_videos(pattern: str) -> str:
    return f"expand({pattern!r}, video=VIDEOS)" if "{video}" in pattern else repr(pattern)


def _flagged(codes: list[str], example: Any) -> str:
    """Code of one part of an input or output, with the flags of its first file."""
    code = codes[0] if len(codes) == 1 else f"[{', '.join(codes)}]"
    for flag in flags(example):
        code = f"{flag}({code})"
    return code


def flags(file: Any) -> list[str]:
    """Which of Snakemake's flags that matter to a plan a file has."""
    from snakemake.io import is_flagged

    return [flag for flag in ("temp", "directory", "ancient") if is_flagged(file, flag)]


def _refuse_irregular(jobs: list[Any], name: str, patterns: list[str]) -> None:
    """The bare workflow would not be the same if inputs were more than patterns of wildcards."""
    for job in jobs if jobs[0].wildcards else []:
        if [pattern.format(**job.wildcards) for pattern in patterns] != list(map(str, _named(job.input).get(name, []))):
            sys.exit(f"benchmarks.bare: {name}… of rule {job.rule.name} follows no pattern, which a bare rule needs")
