"""Which model, and which score floors, by evidence?

    python -m benchmarks.evaluation [ASSETS]

`evaluate` for the three YOLO files on the COCO images of the assets, and for the built-in model on 100 rendered scenes
that its training never saw. Its pictures are kept as `docs/images/evaluation_{coco,rendered}.png`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks import measure

SCENES, SEED = 100, 1000


def evaluate(models: list[Path], images: Path, annotations: Path, out: Path) -> str:
    """Runs the verb in a process of its own; its tables."""
    command = [sys.executable, "-m", "objmask", "evaluate", *(f"--model={model}" for model in models)]
    command += [f"--images={images}", f"--annotations={annotations}", f"--out={out}", "--device=cpu", "--threads=2"]
    command += ["--mark-masks=0.3", "--mark-privacy=0.1"]
    done = subprocess.run(command, cwd=measure.ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def main() -> None:
    coco, scenes = measure.assets() / "coco", measure.work() / "evaluation/scenes"
    yolo = [measure.model(file) for file in (measure.NHWC, measure.NCHW, measure.INT8)]
    out = measure.work() / "evaluation/coco"
    text = evaluate(yolo, coco / "val2017", coco / "instances_val2017_subset.json", out)
    print("49 COCO images, a small sample whose figures may lie several points to either side:\n")
    print(f"```\n{text}```\n")
    shutil.copy(out / "curve.png", measure.ROOT / "docs/images/evaluation_coco.png")
    measure.verb("scene", f"--out={scenes}", f"--stills={SCENES}", "--split=test", f"--seed={SEED}")
    demo = measure.work() / "models/demo"
    measure.verb("model", "--source=demo", f"--out={demo}")
    out = measure.work() / "evaluation/rendered"
    text = evaluate([demo], scenes / "images", scenes / "annotations.json", out)
    print(f"{SCENES} rendered scenes, seed {SEED}, split test, 640 x 360:\n")
    print(f"```\n{text}```\n")
    shutil.copy(out / "curve.png", measure.ROOT / "docs/images/evaluation_rendered.png")


if __name__ == "__main__":
    main()
