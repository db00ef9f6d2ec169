"""Drawing a 1080p picture as its thumb: shapes and text are averaged down as a scaler would."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from mem.media.thumb import TILE, Thumb

Plane = npt.NDArray[np.float32]
Colour = tuple[float, float, float]  # brightness and two colours, 0 to 255

WIDE, HIGH = 480, 272  # pixels of the thumb of a 1080p picture
SCALE = 4  # pixels of the picture along the side of one of its thumb's
_FONT_LIMIT = 64  # sizes of type kept at hand


@dataclass(slots=True)
class Canvas:
    """A picture at the size of its thumb, before rounding."""

    luma: Plane  # row x column
    chroma: Plane  # plane x row x column, half the size

    @classmethod
    def of(cls, grey: float) -> Self:
        """One grey all over."""
        luma = np.full((HIGH, WIDE), grey, np.float32)
        return cls(luma, np.full((2, HIGH // 2, WIDE // 2), 128, np.float32))

    def copy(self) -> "Canvas":
        """Another one that shows the same."""
        return Canvas(self.luma.copy(), self.chroma.copy())

    def dimmed(self, by: float) -> "Canvas":
        """The same with so many times the light."""
        return Canvas(self.luma * np.float32(by), (self.chroma - 128) * np.float32(by) + 128)

    def box(self, where: tuple[int, int, int, int], colour: Colour) -> None:
        """Fill a rectangle: x, y, width and height in pixels of the 1080p picture."""
        x, y, wide, high = where
        across = _cover(x, wide, WIDE)
        down = _cover(y, high, HIGH)
        left, right = x // SCALE, min(WIDE, -(-(x + wide) // SCALE))
        top, bottom = y // SCALE, min(HIGH, -(-(y + high) // SCALE))
        self.blend(down[top:bottom, None] * across[None, left:right], (left, top), colour)

    def blend(self, mask: Plane, at: tuple[int, int], colour: Colour) -> None:
        """Put a colour where the mask (0 to 1) says; `at` is its corner in thumb pixels."""
        left, top = at
        mask = mask[: HIGH - top, : WIDE - left]
        high, wide = mask.shape
        part = self.luma[top : top + high, left : left + wide]
        part += ((np.float32(colour[0]) - part) * mask).astype(np.float32)
        framed: Plane = np.pad(mask, ((top % 2, (top + high) % 2), (left % 2, (left + wide) % 2)))
        quarters = framed.reshape(framed.shape[0] // 2, 2, framed.shape[1] // 2, 2)
        half = quarters.mean(axis=(1, 3)).astype(np.float32)
        rows = slice(top // 2, top // 2 + half.shape[0])
        columns = slice(left // 2, left // 2 + half.shape[1])
        tint = np.array(colour[1:], np.float32)[:, None, None]
        self.chroma[:, rows, columns] += (tint - self.chroma[:, rows, columns]) * half

    def body(self, where: tuple[int, int, int, int], chance: np.random.Generator, contrast: float) -> None:
        """A thing of some colour, at least `contrast` levels from what is behind it."""
        x, y, wide, high = where
        self.box(where, _apart(self.behind(x, y, wide, high), chance, contrast))

    def behind(self, x: int, y: int, wide: int, high: int) -> float:
        """The mean brightness of a rectangle."""
        return float(self.luma[y // SCALE : (y + high) // SCALE, x // SCALE : (x + wide) // SCALE].mean())

    def thumb(self, luma: Plane, chance: np.random.Generator, noise: float) -> Thumb:
        """The thumb that shows it, with `luma` in place of its own and noise on its colours."""
        chroma = self.chroma
        if noise:
            chroma = chroma + chance.normal(0, noise / 2, chroma.shape).astype(np.float32)
        whole = np.clip(chroma + 0.5, 0, 255).astype(np.uint8)
        colours = (
            whole.reshape(2, HIGH // TILE, TILE // 2, WIDE // TILE, TILE // 2).astype(np.int32).sum((2, 4))
        )
        return Thumb(np.clip(luma + 0.5, 0, 255).astype(np.uint8), colours)


def text(canvas: Canvas, words: str, at: tuple[int, int], size: int, grey: float) -> None:
    """Write a line; `at` is its corner, `size` its height, in pixels of the 1080p picture."""
    mask = _written(words, size, at[0] % (2 * SCALE), at[1] % (2 * SCALE))
    left, top = at[0] // (2 * SCALE) * 2, at[1] // (2 * SCALE) * 2
    canvas.blend(mask, (left, top), (grey, 128, 128))


def person(
    canvas: Canvas, at: tuple[int, int], high: int, chance: np.random.Generator, contrast: float
) -> None:
    """Someone who stands `high` pixels tall with the corner of their outline `at` x and y."""
    wide = high * 2 // 5
    coat = _apart(canvas.behind(*at, wide, high), chance, contrast)
    left, top = at[0] // SCALE, at[1] // SCALE
    outline = _outline(wide // SCALE, high // SCALE)
    canvas.blend(outline, (left, top), coat)


def _apart(grey: float, chance: np.random.Generator, contrast: float) -> Colour:
    """A colour that is not as bright as `grey`."""
    by = contrast + chance.uniform(0, 40)
    darker = grey - by >= 5 and (grey + by > 245 or chance.random() < 0.5)
    return (grey - by if darker else grey + by, *chance.uniform(110, 146, 2))


def _cover(start: int, length: int, pixels: int) -> Plane:
    """How much of each thumb pixel lies in a stretch of the picture."""
    edges = np.arange(pixels + 1) * SCALE
    return (np.diff(np.clip(edges, start, start + length)) / SCALE).astype(np.float32)


@lru_cache(maxsize=64)
def _outline(wide: int, high: int) -> Plane:
    image = Image.new("L", (wide * SCALE, high * SCALE))
    pen, w, h = ImageDraw.Draw(image), wide * SCALE, high * SCALE
    pen.ellipse((w * 0.32, 0, w * 0.68, h * 0.17), fill=255)
    pen.rounded_rectangle((w * 0.12, h * 0.16, w * 0.88, h * 0.6), w * 0.15, fill=255)
    pen.rectangle((w * 0.2, h * 0.55, w * 0.8, h), fill=255)
    return _averaged(image)


@lru_cache(maxsize=4096)
def _written(words: str, size: int, x: int, y: int) -> Plane:
    """The share of each thumb pixel that a line's ink covers."""
    font = _font(size)
    box = font.getbbox(words)
    side = 2 * SCALE
    wide, high = (-(-(int(edge) + shift + 2) // side) * side for edge, shift in ((box[2], x), (box[3], y)))
    image = Image.new("L", (wide, high))
    ImageDraw.Draw(image).text((x, y), words, fill=255, font=font)
    return _averaged(image)


@lru_cache(maxsize=_FONT_LIMIT)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _averaged(image: Image.Image) -> Plane:
    return np.asarray(image.reduce(SCALE), np.float32) / np.float32(255)
