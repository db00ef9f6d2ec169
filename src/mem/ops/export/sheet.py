"""A contact sheet: small pictures of a range with the time under each, on one page."""

import io
from collections.abc import Iterable
from datetime import UTC, datetime

from PIL import Image, ImageDraw, ImageFont

COLUMNS = 6
MOST = 48  # pictures
_WIDTH, _HEIGHT = 240, 150  # of a place, with its line of text
_LINE = 20
_MARGIN = 10
_PAPER, _INK, _FAINT = (250, 250, 248), (40, 40, 40), (225, 225, 222)


def draw(title: str, pictures: Iterable[tuple[datetime, bytes]]) -> bytes:
    """A JPEG of the pictures, each with its instant in UTC, under a title."""
    shown = list(pictures)[:MOST]
    rows = max(1, -(-len(shown) // COLUMNS))
    size = (2 * _MARGIN + COLUMNS * _WIDTH, 2 * _MARGIN + _LINE + rows * (_HEIGHT + _LINE))
    page = Image.new("RGB", size, _PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(13)
    pen.text((_MARGIN + 4, _MARGIN), title, fill=_INK, font=font)
    for number, (moment, data) in enumerate(shown):
        row, column = divmod(number, COLUMNS)
        corner = _MARGIN + column * _WIDTH, _MARGIN + _LINE + row * (_HEIGHT + _LINE)
        _place(page, pen, corner, data)
        stamp = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        pen.text((corner[0] + 4, corner[1] + _HEIGHT - 4), stamp, fill=_INK, font=font)
    out = io.BytesIO()
    page.save(out, "JPEG", quality=85)
    return out.getvalue()


def _place(page: Image.Image, pen: ImageDraw.ImageDraw, corner: tuple[int, int], data: bytes) -> None:
    box = (corner[0] + 4, corner[1] + 4, corner[0] + _WIDTH - 4, corner[1] + _HEIGHT - 8)
    pen.rectangle(box, fill=_FAINT)
    with Image.open(io.BytesIO(data)) as image:
        small = image.convert("RGB")
        small.thumbnail((box[2] - box[0], box[3] - box[1]))
    left = (box[0] + box[2] - small.width) // 2
    page.paste(small, (left, (box[1] + box[3] - small.height) // 2))
