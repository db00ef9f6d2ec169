"""Which engine reads text off frames on this machine; nothing heavy is loaded to find out."""

import importlib.util
import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from mem.errors import NoScreenText

Setting = Literal["auto", "off", "tesseract"]
Name = Literal["rapidocr", "tesseract"]

NEEDED = ("rapidocr", "cv2", "onnxruntime")  # modules of the extra `ocr`
INSTALL = (
    "Install the extra: `pip install 'mem-video[ocr]'`; or the program: `apt-get install tesseract-ocr`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """The engine that reads text off frames."""

    name: Name
    version: str
    program: str | None = None  # where Tesseract lies


def present(setting: Setting) -> EngineChoice | None:
    """The engine that a setting means on this machine, None where it means none or none is there."""
    if setting == "off":
        return None
    if setting == "auto" and all(importlib.util.find_spec(module) for module in NEEDED):
        return EngineChoice(name="rapidocr", version=metadata.version("rapidocr"))
    program = shutil.which("tesseract")
    return None if program is None else EngineChoice(name="tesseract", version="", program=program)


def choose(setting: Setting) -> EngineChoice:
    """The same. Raises NoScreenText, which says what to install, where there is none."""
    found = present(setting)
    if found is not None:
        return found
    if setting == "off":
        hint = "Set capture.screen_text to auto."
        raise NoScreenText("Reading text off frames is switched off.", hint=hint)
    detail = f"capture.screen_text is {setting}, and no engine for it is installed."
    raise NoScreenText(detail, hint=INSTALL)


def files(choice: EngineChoice) -> list[Path]:
    """What an engine reads that is no part of Python: the program, its library and its language."""
    if choice.program is None:
        return []
    program = Path(choice.program).resolve()
    prefix = program.parent.parent
    return [Path(choice.program), program, prefix / "lib", prefix / "share" / "tessdata"]
