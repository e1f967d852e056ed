"""What do the networks for faces, hands and text add to what a network of COCO's objects hides, and at what price?

    python -m benchmarks.anonymise [ASSETS] [--clips=40]

The clips and figures of `benchmarks/motion.py`, with the networks of `workflow/examples/anonymise.yaml` beside YOLO
640, one by one and together. No truth says where text is: all that hides it counts as over-blur, and faces and hands of
people do not. Fetches the networks that are not in the cache.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace

from benchmarks import measure
from benchmarks.motion import FIGURES, Chosen, MovingClip, judged, moving_clips
from objmask.config.hiding import Hiding
from objmask.config.models import ChosenModel, chosen_models
from objmask.detections.counting import Counting
from objmask.verbs import anonymise


def with_more(clip: MovingClip, models: list[ChosenModel]) -> MovingClip:
    """A clip with what further models find in it."""
    found = (measure.detections(clip.video, one.given, one.own.get("every", 1)) for one in models)
    return replace(clip, beside=tuple(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets", nargs="?", help="folder of real files; none: OBJMASK_TEST_ASSETS")
    parser.add_argument("--clips", type=int, default=40)
    options = parser.parse_args()
    if options.assets:
        os.environ["OBJMASK_TEST_ASSETS"] = options.assets
    sys.argv[1:] = []
    clips = list(moving_clips(options.clips))
    more = [one for one in chosen_models(anonymise.settings()) if one.name != anonymise.OBJECTS]
    counting = {one.given: Counting(score=one.own.get("score")) for one in more}
    chosen = Chosen(Hiding(objects=frozenset(measure.sensitive()), models=counting))
    ways = {"YOLO 640 alone": [], **{f"and {one.name} ({one.given})": [one] for one in more}, "and all": more}
    rows = []
    for way, models in ways.items():
        figures = judged([with_more(clip, models) for clip in clips], chosen)
        rows.append([way, figures["leaked_per_1000"], figures["over_blur"]])
    frames = sum(clip.info.frames for clip in clips)
    print(f"{len(clips)} clips, {frames} frames, networks and scores of workflow/examples/anonymise.yaml:\n")
    measure.table(["hidden by", FIGURES["leaked_per_1000"], FIGURES["over_blur"]], rows)


if __name__ == "__main__":
    main()
