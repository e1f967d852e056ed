# What annotations for other tools are made of.
EXPORTS = [name for name in CFG["outputs"] if name in ("coco", "masks_png", "yolo", "cvat")]
IMAGES = cfg("exports", "images")
SELECTION = {
    "score": cfg("masks", "score"),
    "threshold": cfg("masks", "threshold"),
    "every": cfg("exports", "every"),
}


def refuse_nested():
    """A folder of one video's exports cannot hold another's: Snakemake makes and removes it as a whole."""
    names = {video.name for video in USED}
    folders = {"masks_png", "yolo"} & set(EXPORTS) or (EXPORTS and IMAGES != "none")
    for name in sorted(names) if folders else ():
        above = next((str(folder) for folder in Path(name).parents if str(folder) in names), None)
        if above:
            raise InputError(
                f"videos: '{above}' is named like the folder of '{name}'; rename one, or export coco and cvat only, "
                "without images"
            )


refuse_nested()
# Beside the files of each video: their images, and what joins the videos.
EXPORTED_IMAGES = per_video("exports/images/{video}") if IMAGES != "none" else []
FILES["coco"] = per_video("exports/coco/{video}.json") + EXPORTED_IMAGES + [f"{RESULTS}/exports/annotations.json"]
FILES["masks_png"] = per_video("exports/masks_png/{video}") + EXPORTED_IMAGES
FILES["yolo"] = per_video("exports/yolo/{video}") + EXPORTED_IMAGES + [f"{RESULTS}/exports/data.yaml"]
FILES["cvat"] = per_video("exports/cvat/{video}.zip") + EXPORTED_IMAGES
