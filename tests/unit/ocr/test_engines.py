"""Which engine is taken."""

import pytest

from mem.errors import NoScreenText
from mem.ocr import engines
from tests import screens


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine on which nothing can read."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engines, "NEEDED", ("a_module_that_nobody_has",))
    return tmp_path


def test_nothing_is_taken_where_nothing_is_there(bare):
    assert engines.present("auto") is None
    with pytest.raises(NoScreenText) as raised:
        engines.choose("auto")
    assert "mem-video[ocr]" in raised.value.hint
    assert "tesseract-ocr" in raised.value.hint


def test_tesseract_is_taken_where_it_alone_is_there(bare):
    program = screens.tesseract(bare)
    found = engines.choose("auto")
    assert (found.name, found.program) == ("tesseract", str(program))


def test_rapidocr_comes_first_unless_tesseract_is_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    screens.tesseract(tmp_path)
    assert engines.choose("auto").name == "rapidocr"
    assert engines.choose("tesseract").name == "tesseract"


def test_off_is_off_whatever_is_there():
    assert engines.present("off") is None
    with pytest.raises(NoScreenText, match="switched off"):
        engines.choose("off")
