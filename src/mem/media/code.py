"""Where the code of a decoding process lies: all that it may read beside the recording."""

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_STANDARD = ("stdlib", "platstdlib", "purelib", "platlib")
_INSTALLED = ("site-packages", "dist-packages")


def folders(module: str) -> list[str]:
    """Python with its library, installed packages, and the packages of Mem and of `module`."""
    installed = [path for path in sys.path if any(part in _INSTALLED for part in Path(path).parts)]
    standard = [path for name in _STANDARD if (path := sysconfig.get_paths().get(name))]
    python = [sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve())]
    archives = [path for path in sys.path if path.endswith(".zip")]
    own = [str(path) for name in ("mem", module) for path in _package(name)]
    return list(dict.fromkeys([*python, *standard, *installed, *archives, *own]))


def listed(module: str) -> list[str]:
    """The folders that those packages lie in, whose names are looked through to find them."""
    return list(dict.fromkeys(str(path.parent) for name in ("mem", module) for path in _package(name)))


def others(reads: Iterable[Path], environ: Mapping[str, str]) -> list[str]:
    """What else is to be read: `reads`, the files that links in those folders lead to, and libraries."""
    found: list[str] = []
    for path in reads:
        found.append(str(path))
        inside = path.rglob("*") if path.is_dir() else [path]
        found += [os.path.realpath(each) for each in inside if each.is_symlink()]
    return [*found, *(path for path in environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if path)]


def _package(module: str) -> Sequence[Path]:
    """The folder or file of the outermost package that a module is in."""
    try:
        spec = importlib.util.find_spec(module.partition(".")[0])
    except (ImportError, ValueError):
        return ()
    if spec is None:
        return ()
    if spec.submodule_search_locations:
        return [Path(folder) for folder in spec.submodule_search_locations]
    return [Path(spec.origin)] if spec.origin else ()
