# What the report shows.
def raw_option(wildcards, input):
    """The video itself, for thumbnails that show what protected video hides: only for those who ask."""
    return options(raw=path_of(wildcards, input)) if CFG["report"]["raw_pictures"] else ()


def embedded():
    """Videos that the report itself holds; a link needs none."""
    kinds = ["masks"] * ("masks" in CFG["outputs"]) + [PROTECTED] * HIDES
    return per_video(*(f"{kind}/{{video}}.mp4" for kind in kinds if CFG["report"]["players"] == "embed"))


# Of protected video, which an audit comes with, the report says what is hidden. It waits for no `release`: one that fails
# is when it is wanted most.
HIDES = bool({"protected", "audit"} & {*CFG["outputs"]})
HIDING = {}
if HIDES:
    HIDING = {
        "objects": SENSITIVE,
        "privacy_score": CFG["privacy"]["score"],
        "privacy_threshold": CFG["privacy"]["threshold"],
        "shape": CFG["privacy"]["shape"],
        "grow": CFG["privacy"]["grow"],
        "hold": CFG["privacy"]["hold"],
        "zones": json.dumps(CFG["privacy"]["zones"]),
        "whole_frame_when": CFG["privacy"]["whole_frame_when"],
    }


NAMED = 20
"""So many videos in which nothing is hidden are named on the console."""


def nothing_hidden():
    """A line for each protected video in which, or in a long part of which, nothing at all is hidden; worst first."""
    made = {video.name: Path(RESULTS, f"hidden/{video.name}.json") for video in USED if HIDES}
    found = worst_first((name, Unhidden.read(path)) for name, path in made.items() if path.is_file())
    for name, unhidden in found[:NAMED]:
        yield f"NOTHING HIDDEN {name}: {unhidden.sentence()}"
    if len(found) > NAMED:
        yield f"NOTHING HIDDEN in long parts of {len(found) - NAMED} more videos, which the report names"


def report_of_leaks():
    """The report, when it has what every audit found: a run that keeps videos back does not end without it."""
    page = Path(RESULTS, "report.html")
    if not AUDITED or "report" not in CFG["outputs"] or not page.is_file():
        return None
    audits = [Path(path) for path in per_video("audit/{video}.json")]
    made = page.stat().st_mtime
    return page if all(path.is_file() and path.stat().st_mtime <= made for path in audits) else None


FILES["report"] = [f"{RESULTS}/report.html"]
