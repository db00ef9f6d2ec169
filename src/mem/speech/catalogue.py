"""The speech models that there are: how large, how fast here, and fetched by name."""

import hashlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mem.errors import BadConfig, ModelMissing, NotFound, Stopped
from mem.speech import hub, models

LICENCE = "MIT"  # of the weights of Whisper and of their conversions
_SUM = ".sha256"
# CPU-seconds for an hour of dense speech with int8, measured for tiny and base; the others by their work.
_SECONDS = {"tiny": 90, "base": 170, "small": 600, "medium": 1_850, "large": 3_400}
_REFERENCE = 0.073  # CPU-seconds that `_work` took on the machine on which these were measured
_SIDE = 768


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A speech model."""

    name: str
    megabytes: int
    licence: str
    languages: str  # "English" or "99 languages"
    here: str | None  # the folder that it lies in; None: it would have to be fetched
    origin: str | None  # folder, models, cache or packaged
    seconds_per_hour: int  # CPU-seconds for an hour of dense speech on this machine, about


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """A model that was fetched, or was here already."""

    name: str
    path: str
    bytes: int
    sha256: str  # of its weights
    checked: bool  # whether the hub says the same


def listed(model: str, *, models_dir: Path) -> tuple[str | None, list[Listed]]:
    """The name of the model that `model` stands for here, if it is here; and all there are."""
    used = models.present(model, models_dir=models_dir)
    slower = _slower()
    found = []
    for name, megabytes in models.MEGABYTES.items():
        here = models.present(name, models_dir=models_dir)
        found.append(_listed(name, megabytes, here, slower))
    if used is not None and used.name not in models.MEGABYTES:
        size = round((used.path / "model.bin").stat().st_size / 1e6)
        found.append(_listed(used.name, size, used, slower))
    return None if used is None else used.name, found


def device(wanted: str) -> str:
    """Where speech is decoded; what cannot be had is said, not raised."""
    try:
        return models.device(wanted)
    except BadConfig:
        return f"{wanted} (not on this machine)"


def refuse(name: str) -> None:
    """Raise NotFound for what is no model's name."""
    if name not in (*models.MEGABYTES, "large"):
        known = ", ".join(models.MEGABYTES)
        raise NotFound(f"There is no speech model {name!r} to fetch.", hint=f"There are: {known}.")


def pull(
    name: str,
    *,
    models_dir: Path,
    tell: Callable[[float, str], None],
    stopped: Callable[[], bool] = lambda: False,
    endpoint: str | None = None,
) -> Pulled:
    """Fetch a model into `models_dir`, unless it lies there whole; a download that broke off goes on.

    Raises ModelMissing when the hub cannot be reached or gives something else than it says; Stopped.
    """
    name = models.full_name(name)
    folder, whole = models_dir / name, models.MEGABYTES[name] * 1_000_000

    def progress(size: int) -> None:
        if stopped():
            raise Stopped
        tell(min(0.95, max(0, size) / whole), f"fetching {name}, {max(0, size) / 1e6:.0f} MB")

    if models.missing(folder):
        models_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not hub.answers(endpoint=endpoint):
            raise _unreached(name, "the hub cannot be reached", models_dir)
        try:
            hub.download(models.repository(name), folder, endpoint=endpoint, progress=progress)
        except hub.Unreachable as error:
            raise _unreached(
                name, f"the download broke off ({error}); the next goes on there", models_dir
            ) from None
    if lacking := models.missing(folder):
        raise _unreached(name, f"the hub gave no {', '.join(lacking)}", models_dir)
    tell(0.97, "checking it")
    return _checked(name, folder, hub.sha256(models.repository(name), endpoint=endpoint))


def _checked(name: str, folder: Path, stated: str | None) -> Pulled:
    weights = folder / "model.bin"
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if stated is not None and found != stated:
        shutil.rmtree(folder)
        raise ModelMissing(
            f"What came for {name} is not what the hub says it is, and was removed.",
            hint=f"Try again: `mem models pull {name}`.",
        )
    (folder / _SUM).write_text(f"{found}  model.bin\n")
    size = weights.stat().st_size
    return Pulled(name=name, path=str(folder), bytes=size, sha256=found, checked=stated is not None)


def _unreached(name: str, why: str, models_dir: Path) -> ModelMissing:
    return ModelMissing(
        f"The speech model {name} ({models.MEGABYTES[name]} MB) was not fetched: {why}.",
        hint=f"Connect and try again, or copy a CTranslate2 folder to {models_dir / name}.",
    )


def _listed(name: str, megabytes: int, here: models.ModelChoice | None, slower: float) -> Listed:
    size = name.removesuffix(".en").partition("-")[0]
    nearest = min(models.MEGABYTES, key=lambda each: abs(models.MEGABYTES[each] - megabytes))
    seconds = _SECONDS.get(size) or _SECONDS[nearest.removesuffix(".en").partition("-")[0]]
    return Listed(
        name=name,
        megabytes=megabytes,
        licence=LICENCE if name in models.MEGABYTES else "its own",
        languages="English" if name.endswith(".en") else "99 languages",
        here=None if here is None else str(here.path),
        origin=None if here is None else here.origin,
        seconds_per_hour=round(seconds * slower),
    )


def _slower() -> float:
    """How many times as long as the reference this machine takes for the same work."""
    matrix = np.random.default_rng(0).normal(size=(_SIDE, _SIDE)).astype(np.float32)
    taken = [_work(matrix) for _ in range(3)]
    return min(taken) / _REFERENCE


def _work(matrix: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> float:
    begin = time.process_time()
    for _ in range(8):
        matrix @ matrix
    return time.process_time() - begin
