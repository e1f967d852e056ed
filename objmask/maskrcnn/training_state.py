"""What a training keeps on disk: its state, to go on from exactly, and the network that it has made so far."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from objmask.errors import DataError, ObjmaskError
from objmask.files.documents import Amount, Count, read_document
from objmask.files.whole import atomic_path, write_json
from objmask.maskrcnn import checkpoint
from objmask.maskrcnn.learner import Learner
from objmask.maskrcnn.schedule import Reached

MODEL = checkpoint.CHECKPOINT
_STATES = "state"
_WEIGHTS, _FACTS = "weights", "state.json"


@dataclass(frozen=True)
class _Facts:
    """What a state says beside its numbers: how far it is, and the settings that must not change."""

    step: Count
    elapsed_s: Amount
    identity: dict[str, Any]


def save_state(out: Path, learner: Learner, reached: Reached, identity: Mapping[str, Any]) -> None:
    """Keeps everything that the next step depends on; the state before is removed once this one is whole.

    Args:
        out: the training's folder.
        learner: weights, their mean, the optimiser's moments.
        reached: how far it is.
        identity: settings that must not change, plain JSON types.
    """
    final = _folder(out, reached.step)
    with atomic_path(final) as folder:
        folder.mkdir()
        checkpoint.save(folder / _WEIGHTS, _everything(learner))
        write_json(folder / _FACTS, asdict(_Facts(reached.step, reached.elapsed_s, dict(identity))))
    for old in _states(out):
        if old != final:
            shutil.rmtree(old, ignore_errors=True)


def resume(out: Path, learner: Learner, identity: Mapping[str, Any]) -> Reached:
    """Goes back to the newest state in `out`; to the beginning if there is none.

    Raises:
        ObjmaskError: the state is that of another training, or there is a network without one, from elsewhere.
        DataError: it is damaged.
    """
    states = _states(out)
    if not states:
        if (out / f"{MODEL}.index").exists():
            raise ObjmaskError(f"{out}: holds a network that would be overwritten; choose another --out")
        return Reached()
    folder = states[-1]
    facts = read_document(folder / _FACTS, _Facts, "delete its folder, or train into another one")
    reached, kept = Reached(facts.step, facts.elapsed_s), facts.identity
    plain = json.loads(json.dumps(dict(identity)))
    if kept != plain:
        changed = ", ".join(sorted(key for key in {*kept, *plain} if kept.get(key) != plain.get(key)))
        raise ObjmaskError(f"{out}: holds a training with other settings ({changed}); restore them or change --out")
    variables = _everything(learner)
    arrays = checkpoint.load(folder / _WEIGHTS)
    if {n: a.shape for n, a in arrays.items()} != {n: tuple(v.shape) for n, v in variables.items()}:
        raise DataError(f"{folder}: does not fit the network; delete it, or train into another folder")
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return reached


def save_model(out: Path, learner: Learner) -> None:
    """Writes `config.json` and `model.ckpt`: the network with the mean of its weights."""
    learner.network.config.write(out / checkpoint.CONFIG)
    with atomic_path(out / f"{MODEL}.index") as index:
        checkpoint.save(index.with_suffix(""), learner.average.means)
        # The index gets its name last: it is what readers look for.
        for part in index.parent.glob(f"{index.stem}.data-*"):
            part.replace(out / part.name.replace(index.stem, MODEL, 1))


def _everything(learner: Learner) -> dict[str, Any]:
    return {
        **learner.variables,
        **{f"optimizer/{name}": variable for name, variable in learner.optimiser.slots.items()},
        **{f"average/{name}": variable for name, variable in learner.average.means.items()},
    }


def _folder(out: Path, step: int) -> Path:
    return out / _STATES / f"{step:09d}"


def _states(out: Path) -> list[Path]:
    """Folders of states, the newest last."""
    return sorted(path for path in (out / _STATES).glob("[0-9]*") if path.is_dir())
