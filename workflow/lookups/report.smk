# What the report shows.
def raw_option(wildcards, input):
    """The video itself, for thumbnails that show what protected video hides: only for those who ask."""
    return options(raw=path_of(wildcards, input)) if CFG["report"]["raw_pictures"] else ""


def embedded():
    """Videos that the report itself holds; a link needs none."""
    kinds = [kind for kind in ("masks", "protected") if kind in CFG["outputs"] and CFG["report"]["players"] == "embed"]
    return per_video(*(f"{kind}/{{video}}.mp4" for kind in kinds))


FILES["report"] = [f"{RESULTS}/report.html"]
