"""Reads what is written in pictures, by rapidocr and the networks that come in its package; nothing is downloaded.

What is read stays in memory: no text of it is logged, kept or part of an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rapidocr

from objmask.errors import ModelError

_LONGEST_PX = 2560
"""Of a picture's longer side; larger ones are shrunk. 4K would take 1.7 GB and five times as long."""
_SURE = 0.5
"""Score from which a line counts as read, 0..1."""


@dataclass(frozen=True)
class Line:
    """A line of text.

    Attributes:
        corners: (4, 2) float32, x and y in pixels, clockwise from where the text begins.
        text: what it says.
        score: 0..1.
    """

    corners: npt.NDArray[np.float32]
    text: str
    score: float

    def __repr__(self) -> str:
        return f"{type(self).__name__}(score={self.score:.2f}, {len(self.text)} characters)"


class TextReader:
    """Reads pictures; several threads may use one.

    Raises:
        ModelError: rapidocr is here without its networks.
    """

    name = f"rapidocr {version('rapidocr')}"

    def __init__(self) -> None:
        networks = Path(rapidocr.__file__).parent / "models"
        params: dict[str, Any] = {
            # Paths, since it would download what it does not find by name. One thread: always the same numbers.
            "Det.model_path": str(networks / "PP-OCRv6_det_small.onnx"),
            "Rec.model_path": str(networks / "PP-OCRv6_rec_small.onnx"),
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Global.use_cls": False,
            "Global.max_side_len": _LONGEST_PX,
            "Global.text_score": _SURE,
            "Global.log_level": "critical",
        }
        for key in ("Det.model_path", "Rec.model_path"):
            if not Path(params[key]).is_file():
                raise ModelError(f"{params[key]}: missing; install rapidocr again")
        self._ocr = rapidocr.RapidOCR(params=params)

    def lines(self, picture: npt.NDArray[np.uint8]) -> list[Line]:
        """What is written in a picture, RGB uint8 (h, w, 3)."""
        found: Any = self._ocr(_bgr(picture))
        if found.boxes is None:
            return []
        corners = np.asarray(found.boxes, np.float32)
        return [Line(*one) for one in zip(corners, found.txts, map(float, found.scores), strict=True)]

    def texts(self, picture: npt.NDArray[np.uint8], places: list[Line]) -> list[str]:
        """What a picture says at the places of lines; empty where that is not sure."""
        if not places:
            return []
        parts = self._ocr.crop_text_regions(_bgr(picture), np.stack([line.corners for line in places]))
        found: Any = self._ocr.recognize_txt(parts)
        return [text if score >= _SURE else "" for text, score in zip(found.txts, found.scores, strict=True)]


def _bgr(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(picture[..., ::-1])
