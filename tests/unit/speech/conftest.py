from pathlib import Path

import pytest

from mem.speech import models, whisper


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """The packaged model's folder."""
    found = models.present("tiny.en", models_dir=tmp_path_factory.mktemp("models"))
    assert found is not None
    return found.path


@pytest.fixture(scope="session")
def recogniser(tiny) -> whisper.Recogniser:
    """A real model, loaded once."""
    return whisper.Recogniser(tiny, device="cpu", compute_type="int8", threads=1)
