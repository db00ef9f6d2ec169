"""What every error of Mem has."""

import errno


class MemError(Exception):
    """Something went wrong."""

    code = "error"
    status = 500
    exit_status = 1
    permanent = True  # trying again with the same input cannot help
    patient = False  # it passes by itself some day, so trying again is not counted
    hint = ""

    def __init__(self, detail: str | None = None, *, hint: str | None = None) -> None:
        self.detail = detail or " ".join((type(self).__doc__ or "").split())
        if hint is not None:
            self.hint = hint
        super().__init__(self.detail)


def no_room(error: BaseException) -> bool:
    """Whether the system refused to write because the disk, or the owner's share of it, is full."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def is_permanent(code: str | None) -> bool:
    """Whether `code` is of an error that trying again cannot help."""
    return any(kind.permanent for kind in _kinds(MemError) if kind.code == code)


def _kinds(kind: type[MemError]) -> list[type[MemError]]:
    return [kind, *(each for narrower in kind.__subclasses__() for each in _kinds(narrower))]
