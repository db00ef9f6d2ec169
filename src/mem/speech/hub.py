"""The place on the network that speech models come from.

A missing network must cost seconds, not minutes, and a name server that never answers cannot be timed
out from inside; so whatever touches the network runs in a thread that is left behind when it is late.
"""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

FILES = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
_STALL_SECONDS = 60.0
_PROBE = "Systran/faster-whisper-base/resolve/main/config.json"


class Unreachable(Exception):
    """The hub does not answer, or stopped in the middle."""


def answers(*, endpoint: str | None = None, seconds: float = 5.0) -> bool:
    """Whether the hub answers within `seconds`, name resolution included."""
    import httpx  # a quarter of a second, which the process that listens need not pay
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    url = f"{endpoint or constants.ENDPOINT}/{_PROBE}"
    answered: list[bool] = []

    def ask() -> None:
        try:
            answered.append(httpx.head(url, timeout=seconds, follow_redirects=True).is_success)
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            answered.append(False)

    asking = threading.Thread(target=ask, name="hub-probe", daemon=True)
    asking.start()
    asking.join(seconds)
    return answered == [True]


def download(
    repository: str,
    folder: Path,
    *,
    endpoint: str | None = None,
    stall_seconds: float = _STALL_SECONDS,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Fetch the files of a model into `folder`, which holds all of them or does not exist.

    What an earlier attempt left is used. `progress` gets the bytes so far about once a second. Raises
    Unreachable when nothing comes for `stall_seconds`.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    partial.mkdir(parents=True, exist_ok=True)
    failed: list[str] = []
    fetching = threading.Thread(
        target=_fetch, args=(repository, partial, endpoint, failed), name="hub-download", daemon=True
    )
    fetching.start()
    size, grew = -1, time.monotonic()
    while fetching.is_alive():
        fetching.join(1.0)
        now, before = _size(partial), size
        if now != before:
            size, grew = now, time.monotonic()
        if progress is not None:
            progress(size)
        if fetching.is_alive() and time.monotonic() - grew > stall_seconds:
            raise Unreachable(f"nothing came for {stall_seconds:.0f} s")
    if failed or not (partial / "model.bin").exists():
        raise Unreachable(failed[0] if failed else "the download ended without a model")
    shutil.rmtree(partial / ".cache", ignore_errors=True)
    if not folder.exists():
        partial.rename(folder)


def sha256(repository: str, *, endpoint: str | None = None) -> str | None:
    """What the hub says the weights' hash is; None where it does not answer or say."""
    import huggingface_hub

    expected = _failures()
    try:
        api = huggingface_hub.HfApi(endpoint=endpoint)
        told = api.model_info(repository, files_metadata=True, timeout=10)
    except expected:
        return None
    found = [each.lfs for each in told.siblings or () if each.rfilename == "model.bin"]
    return None if not found or found[0] is None else str(found[0].sha256)


def _fetch(repository: str, partial: Path, endpoint: str | None, failed: list[str]) -> None:
    import huggingface_hub

    expected = _failures()
    try:
        huggingface_hub.snapshot_download(
            repository, local_dir=partial, allow_patterns=list(FILES), max_workers=2, endpoint=endpoint
        )
    except expected as error:
        failed.append(str(error).split("\n", 1)[0] or type(error).__name__)


def _failures() -> tuple[type[Exception], ...]:
    """What the hub's client raises when something is in the way.

    Which HTTP library it stands on differs between its versions; the bases of its own error are that
    library's and OSError.
    """
    from huggingface_hub.errors import HfHubHTTPError

    bases = (each for each in HfHubHTTPError.__mro__ if issubclass(each, Exception) and each is not Exception)
    return (ValueError, *bases)


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:  # moved in the meantime
            continue
    return total
