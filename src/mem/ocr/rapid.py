"""RapidOCR: PP-OCRv6 through ONNX Runtime. Loaded in the reading child alone; it needs the extra `ocr`.

Its models lie in its package; nothing is ever fetched. The picture is read in bands whose size bounds
the memory: finding text takes about 350 MB for each million pixels at once.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image

from mem.errors import NoScreenText
from mem.ocr import Line, Picture, Wanted, engines, letters, moved, shared
from mem.types import Box

_GLANCE_WIDTH = 960  # pixels at least,
_GLANCE_SCALE = 2.0  # and half the picture's: a line of 12 px is still found at half its size
_GLANCE_LINES = 24  # of what is found then, the longest first, that are recognised to tell text from noise
_GLANCE_CONFIDENCE = 0.6  # of two letters at least; what noise was taken for has one, and 0.52 at most
_BAND_PIXELS = 1_100_000  # of one band
_MARGIN = 48  # pixels that bands reach into each other; no line of usual size is cut at both
_NEAR_CUT = 8  # pixels by which two bands may see the middle of one line differently
_LEAST_CONFIDENCE = 0.5
_BATCH_WIDTH = 360  # of lines recognised at once, in line heights: a line of full width counts 60 to 120


class Rapid:
    """The loaded models, on `threads` threads."""

    def __init__(self, threads: int) -> None:
        try:
            import cv2
            from rapidocr import RapidOCR
        except ImportError as error:
            raise NoScreenText(f"RapidOCR cannot be loaded: {error}.", hint=engines.INSTALL) from None
        cv2.setNumThreads(threads)
        self._engine: Any = RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.use_cls": False,  # text on screens stands upright
                "Global.use_preprocess_img": False,
                "Global.use_vertical_padding": False,
                "Det.limit_type": "max",  # a small band is not scaled up
                "Det.limit_side_len": 16_384,
                "Rec.rec_batch_num": _BATCH_WIDTH,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def likely(self, picture: Picture) -> bool:
        """Whether something is found in the picture at half its size that can be read at its own."""
        height, width = picture.shape[:2]
        scale, small = min(_GLANCE_SCALE, max(1.0, width / _GLANCE_WIDTH)), picture
        if scale > 1:
            size = (max(1, round(width / scale)), max(1, round(height / scale)))
            small = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
        image = _bgr(picture)
        return any(
            self._glances(image, small[top:bottom], top, scale) for top, bottom, *_ in bands(*small.shape[:2])
        )

    def _glances(self, image: Picture, part: Picture, top: int, scale: float) -> bool:
        """Whether something is found in a part, `top` rows down, of a BGR picture made smaller by `scale`."""
        quads = sorted(self._quads(_padded(_bgr(part))), key=_shape, reverse=True)
        down = np.array([0, top], np.float32)
        return any(self._says_something(image, (quad + down) * scale) for quad in quads[:_GLANCE_LINES])

    def _says_something(self, image: Picture, quad: Any) -> bool:
        """Whether the text found at four corners in a BGR picture can be read."""
        read = self._engine.recognize_txt(self._engine.crop_text_regions(image, [quad]))
        return any(
            score >= _GLANCE_CONFIDENCE and letters(text) > 1
            for text, score in zip(read.txts, read.scores, strict=True)
        )

    def read(self, picture: Picture, wanted: Wanted) -> Sequence[Line]:
        """The lines of text in the picture, from the top."""
        lines: list[Line] = []
        for top, bottom, first, last in bands(*picture.shape[:2]):
            image = _padded(_bgr(picture[top:bottom]))
            found: list[tuple[Any, Box]] = []
            for quad in self._quads(image):
                box = moved(_bounds(quad, picture.shape[1], bottom - top), top)
                middle = box.y + box.height // 2
                if not first - _NEAR_CUT <= middle < last + _NEAR_CUT or not box.width * box.height:
                    continue
                if wanted(box) and not any(shared(box, line.box) > 0.5 for line in lines):
                    found.append((quad, box))
            lines += self._recognised(image, found)
        return lines

    def _recognised(self, image: Picture, found: Sequence[tuple[Any, Box]]) -> list[Line]:
        """What the texts found in a BGR picture say, in their order."""
        said: dict[int, Line] = {}
        for batch in _batches([box for _, box in found]):
            crops = self._engine.crop_text_regions(image, [found[number][0] for number in batch])
            read = self._engine.recognize_txt(crops)
            for number, text, score in zip(batch, read.txts, read.scores, strict=True):
                if score >= _LEAST_CONFIDENCE:
                    said[number] = Line(text, round(float(score), 4), found[number][1])
        return [said[number] for number in sorted(said)]

    def _quads(self, image: Picture) -> Any:
        """Four corners of each text, found in a BGR picture."""
        found = self._engine(image, use_det=True, use_cls=False, use_rec=False)
        return [] if found.boxes is None else found.boxes


def bands(height: int, width: int) -> list[tuple[int, int, int, int]]:
    """Cuts a picture: top and bottom row of each band, and of its core, which no other band has."""
    count = max(1, -(-height * width // _BAND_PIXELS))
    cuts = [height * number // count for number in range(count + 1)]
    return [
        (max(0, first - _MARGIN), min(height, last + _MARGIN), first, last) for first, last in pairwise(cuts)
    ]


def _batches(boxes: Sequence[Box]) -> list[list[int]]:
    """Numbers of lines to recognise together: of like shape, since all are padded to the longest."""
    shape = [max(box.width, box.height) / min(box.width, box.height) for box in boxes]
    made: list[list[int]] = []
    for number in sorted(range(len(boxes)), key=lambda number: (-shape[number], number)):
        if made and shape[made[-1][0]] * (len(made[-1]) + 1) <= _BATCH_WIDTH:
            made[-1].append(number)
        else:
            made.append([number])
    return made


def _bgr(picture: Picture) -> Picture:
    return np.ascontiguousarray(picture[:, :, ::-1])


def _padded(picture: Picture) -> Picture:
    """The picture with sides that the network takes without scaling: multiples of 32."""
    height, width = picture.shape[:2]
    if height % 32 == 0 and width % 32 == 0:
        return picture
    return np.pad(picture, ((0, -height % 32), (0, -width % 32), (0, 0)), mode="edge")


def _shape(quad: Any) -> float:
    """How much wider than high four corners are."""
    wide, high = np.ptp(quad, axis=0)
    return float(wide / max(high, 1))


def _bounds(quad: Any, width: int, height: int) -> Box:
    """The upright rectangle around four corners, cut at the picture's edges."""
    left, top = (max(0, int(value)) for value in np.floor(np.min(quad, axis=0)))
    right, bottom = (int(value) for value in np.ceil(np.max(quad, axis=0)))
    return Box(left, top, max(0, min(right, width) - left), max(0, min(bottom, height) - top))
