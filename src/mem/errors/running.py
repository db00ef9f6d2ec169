"""Errors of the machine, the database and the set-up."""

from mem.errors.base import MemError


class BadConfig(MemError):
    """The configuration cannot be used."""

    code, exit_status = "bad_config", 78
    hint = "Correct config.yaml or the environment; `mem config show` lists every key."


class Locked(MemError):
    """Another process holds the database."""

    code, status, exit_status = "locked", 503, 75
    permanent, patient = False, True
    hint = (
        "Wait until that command is done, or stop that process. Commands find a server by themselves where "
        "`mem serve` started it; one that was started otherwise is asked over HTTP."
    )


class DatabaseFailed(MemError):
    """The database stopped answering and must be opened again."""

    code, status, exit_status = "database_failed", 503, 70
    permanent = False
    hint = "Start Mem again; nothing that was acknowledged is lost."


class IndexFailed(MemError):
    """The search index cannot be used just now."""

    code, status = "index_failed", 503
    permanent = False
    hint = "Try again: a broken index is made anew from the database. Check the free space on the disk."


class DiskFull(MemError):
    """There is too little free space to write."""

    code, status = "disk_full", 507
    permanent, patient = False, True
    hint = "Free some space, or lower storage.min_free_bytes."


class AddressTaken(MemError):
    """The address cannot be listened on."""

    code = "address_taken"
    hint = "Choose another one with --port, or stop the program that listens there."


class Unreadable(MemError):
    """The file cannot be read."""

    code, status = "unreadable", 422
    hint = "Give the user that runs Mem the right to read it."


class Unwritable(MemError):
    """The file cannot be written."""

    code = "unwritable"
    hint = "Name a file in a folder that exists and that you may write."


class ServerGone(MemError):
    """The server stopped answering."""

    code, permanent = "server_gone", False
    hint = "`mem doctor` says whether it runs; what was acknowledged is kept."


class ModelMissing(MemError):
    """The speech model is not on this machine and could not be fetched."""

    code, status = "model_missing", 503
    permanent = False
    hint = "Connect once so that it can be fetched, or set whisper.model to a model that is here."
