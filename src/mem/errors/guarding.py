"""Errors of what is kept out: harmful files, and what is nobody's business."""

from mem.errors.asking import TooBusy
from mem.errors.base import MemError
from mem.errors.media import MediaError


class MalwareFound(MediaError):
    """The virus scanner found something in the file."""

    code = "malware_found"
    hint = (
        "An uploaded file lies in quarantine in the data directory; one that was captured stays where it is."
    )


class TooLargeToScan(MediaError):
    """The file is larger than what the virus scanner looks at."""

    code, status = "too_large_to_scan", 413
    hint = "security.clamav.oversize says what becomes of such files."


class ScannerAway(MemError):
    """The virus scanner does not answer, so nothing is taken in."""

    code, status = "scanner_away", 503
    permanent, patient = False, True
    retry_after = 60  # seconds
    hint = "Start clamd, or look into security.clamav; on_error says what becomes of files meanwhile."


class Excluded(MediaError):
    """A rule says that this recording is not to be kept."""

    code = "excluded"
    hint = "The rules stand in privacy.exclude."


class CapturePaused(TooBusy):
    """Taking recordings in is paused."""

    code = "capture_paused"
    hint = "`mem resume` ends the pause."
