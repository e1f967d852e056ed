# What the report shows.
def raw_option(wildcards, input):
    """The video itself, for thumbnails that show what protected video hides: only for those who ask."""
    return options(raw=path_of(wildcards, input)) if CFG["report"]["raw_pictures"] else ""


def embedded():
    """Videos that the report itself holds; a link needs none."""
    kinds = [kind for kind in ("masks", "protected") if kind in CFG["outputs"] and CFG["report"]["players"] == "embed"]
    return per_video(*(f"{kind}/{{video}}.mp4" for kind in kinds))


# Of protected video the report says what is hidden.
HIDING = {}
if "protected" in CFG["outputs"]:
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

FILES["report"] = [f"{RESULTS}/report.html"]
