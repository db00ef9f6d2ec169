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
    permanent, patient = False, True
    hint = "Start Mem again; nothing that was acknowledged is lost."


class SchemaDiffers(DatabaseFailed):
    """Another version of Mem made the database what it is."""

    code, permanent, exit_status = "schema_differs", True, 78
    hint = "A newer Mem has written it. Start that version here too, or restore a backup from before."


class IndexFailed(MemError):
    """The search index cannot be used just now."""

    code, status = "index_failed", 503
    permanent = False
    hint = "Try again: a broken index is made anew from the database. Check the free space on the disk."


class ExtraMissing(MemError):
    """A library that this setting needs is not installed."""

    code, status, exit_status = "extra_missing", 503, 78
    hint = "Install Mem with that extra: `uv sync --extra celery`, or pip install 'mem-video[celery]'."


class DiskFull(MemError):
    """There is too little free space to write."""

    code, status = "disk_full", 507
    permanent, patient = False, True
    hint = "Free some space, or lower storage.min_free_bytes."


class StorageFailed(MemError):
    """The object storage does not answer as it should."""

    code, status = "storage_failed", 503
    permanent, patient = False, True
    hint = "Try again; nothing is lost. `mem doctor` says whether the bucket in storage.frames can be used."


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


class SpeechServerFailed(MemError):
    """The server that speech is sent to does not write it down."""

    code, status, permanent = "speech_server_failed", 502, False
    hint = "See that whisper.url names a server that runs; without it speech is written down here."


class NoScreenText(MemError):
    """Nothing on this machine can read text off frames."""

    code, status = "no_screen_text", 409
    hint = "Install the extra `ocr`, or the program tesseract."


class NoAssistants(MemError):
    """The part that speaks with assistants is not installed."""

    code, status = "no_assistants", 501
    hint = "Install the extra: `pip install 'mem-video[mcp]'`."


class NoMeaning(MemError):
    """Search by meaning is not there."""

    code, status = "no_meaning", 409
    hint = (
        "Set search.semantic to on, install the extra (`pip install 'mem-video[semantic]'`) and start the "
        "server anew. With PostgreSQL there is search by words alone."
    )


class WorkerLost(MemError):
    """The worker stopped without a word, and no attempt is left."""

    code, permanent = "worker_lost", False
    hint = "`mem jobs retry ID` starts it again; what it committed is kept."


class ProgramMissing(MemError):
    """A program that this needs is not on this machine."""

    code, status = "program_missing", 503
    hint = (
        "Install PostgreSQL's own programs (on Debian: apt-get install postgresql-client), as new as the "
        "server, or name their folder in database.programs."
    )


class BackupDamaged(MemError):
    """The backup is not what was written, so nothing of it was used."""

    code, status = "backup_damaged", 422
    hint = "`mem backup list` shows the others; `mem backup verify` says what each is worth."


class SealedBackup(MemError):
    """The backup is encrypted, and the key that opens it was not given, or is another one."""

    code, status = "sealed_backup", 422
    hint = "Name the file of an age identity with --identity; its public half was given to --encrypt."


class FolderDamaged(MemError):
    """A recording's folder does not hold what was written into it."""

    code = "folder_damaged"
    hint = "Restore that folder from a backup; the others are not touched by it."
