"""How well does the built-in model find what it was made to find?

    python -m benchmarks.demo_model

200 rendered scenes of the split `test`, whose seeds, surfaces, object shapes and camera paths the training never saw,
at 640 x 360; COCO's mask average precision by object, and by the groups of `config.yaml`, whose objects count as one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from benchmarks import measure
from objmask.detections.arrays import Detections
from objmask.evaluation.annotations import Annotations, read_annotations
from objmask.evaluation.mask_ap import Evaluation, mask_ap
from objmask.models.load import load

SCENES, SEED = 200, 1000


def renamed(data: Annotations, names: Mapping[str, str]) -> Annotations:
    """The same pictures, each object called by its group's name."""
    pictures = tuple(
        replace(picture, instances=tuple(replace(one, name=names[one.name]) for one in picture.instances))
        for picture in data.pictures
    )
    return replace(data, pictures=pictures, classes=tuple(dict.fromkeys(names[name] for name in data.classes)))


def renaming(detect: Callable[..., list[Detections]], names: Mapping[str, str]) -> Callable[..., list[Detections]]:
    """A detector that calls what it finds by the group's name."""
    return lambda frames: [
        replace(found, classes=tuple(names[name] for name in found.classes)) for found in detect(frames)
    ]


def show(what: str, judged: Evaluation) -> None:
    """Prints a table."""
    rows = [[name, one.instances, one.ap, one.ap50, one.box_ap] for name, one in judged.classes.items()]
    total = sum(one.instances for one in judged.classes.values())
    rows.append(["**all**", total, judged.ap, judged.ap50, judged.box_ap])
    measure.table([what, "in the truth", "mask AP", "mask AP50", "box AP"], rows)


def main() -> None:
    scenes, model = measure.work() / "scenes", measure.work() / "models/demo"
    measure.verb(
        "scene",
        f"--out={scenes}",
        f"--stills={SCENES}",
        "--split=test",
        f"--seed={SEED}",
        "--width=640",
        "--height=360",
    )
    measure.verb("model", "--source=demo", f"--out={model}")
    detector = load(model, device="cpu", threads=2)
    data = read_annotations(None, scenes)
    groups = json.loads(measure.groups())
    names = {name: group for group, settings in groups.items() for name in settings["objects"]}
    print(f"{SCENES} scenes, seed {SEED}, {detector.placement} (aims: mask AP50 0.90, mask AP 0.70):\n")
    show("object", mask_ap(detector.detect, data))
    show("group", mask_ap(renaming(detector.detect, names), renamed(data, names)))
    detector.close()


if __name__ == "__main__":
    main()
