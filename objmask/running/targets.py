"""Every file that is to be made, by what `outputs` of the configuration asks for."""

from __future__ import annotations

from objmask.running.plan import RESULTS, Plan

SUMMARIES = ("coverage_by_video", "coverage_by_group", "coverage_by_label", "excluded")
"""Tables below `summary/`."""
EVALUATION = (
    *("models.csv", "scores.csv", "groups.csv", "classes.csv", "videos.csv", "temporal.csv"),
    *("curve.png", "curve.svg", "evaluation.html"),
)
"""Files below `evaluation/`."""


def targets(plan: Plan) -> list[str]:
    """Every file that is asked for, each once."""
    by_output = files_by_output(plan)
    files = [path for output in plan.config["outputs"] for path in by_output[output]]
    if plan.config["frames"]["keep"] != "none":
        first = next(iter(plan.models))
        files += [f"{RESULTS}/frames/{v.name}/{chunk}" for v in plan.used for chunk in plan.chunks(v.name, first)]
    return list(dict.fromkeys(files))


def files_by_output(plan: Plan) -> dict[str, list[str]]:
    """Every file that each of the possible `outputs` stands for."""
    images = plan.per_video("exports/images/{video}") if plan.config["exports"]["images"] != "none" else []
    lossless = ["masks_lossless/{video}.mp4"] if plan.config["masks"]["lossless"] else []
    sets = ("splits", *(name for name in plan.config["clips"]["formats"] if name != "npz"))
    by_model = [
        f"{{folder}}/{name}/{{video}}{suffix}" for name in plan.models for suffix in (".parquet", ".frames.parquet")
    ]
    return {
        **{
            folder: plan.per_video(*(pattern.replace("{folder}", folder) for pattern in by_model))
            for folder in ("detections", "tracks")
        },
        **{
            folder: plan.per_video(f"{folder}/{{video}}.parquet", f"{folder}/{{video}}.frames.parquet")
            for folder in ("painted", "hidden")
        },
        "masks": plan.per_video("masks/{video}.mp4", *lossless),
        "overlay": plan.per_video("overlay/{video}.mp4"),
        "protected": plan.per_video("protected/{video}.mp4"),
        "audit": [*plan.per_video("protected/{video}.mp4", "audit/{video}.json"), f"{RESULTS}/audit/audit.csv"],
        "coverage": [*plan.per_video("coverage/{video}.csv"), *(f"{RESULTS}/summary/{name}.csv" for name in SUMMARIES)],
        "report": [f"{RESULTS}/report.html"],
        "coco": [*plan.per_video("exports/coco/{video}.json"), *images, f"{RESULTS}/exports/annotations.json"],
        "masks_png": [*plan.per_video("exports/masks_png/{video}"), *images],
        "yolo": [*plan.per_video("exports/yolo/{video}"), *images, f"{RESULTS}/exports/data.yaml"],
        "cvat": [*plan.per_video("exports/cvat/{video}.zip"), *images],
        "clips": [*plan.per_video("clips/npz/{video}.npz"), *(f"{RESULTS}/clips/{name}" for name in sets)],
        "evaluation": [f"{RESULTS}/evaluation/{name}" for name in EVALUATION],
    }
