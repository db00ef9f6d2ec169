"""A PostgreSQL database as a file, by the programs that come with PostgreSQL."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, quote, unquote, urlencode

from mem.errors import DatabaseFailed, DiskFull, ProgramMissing

_SECONDS = 24 * 3600.0
_SQL = ("--no-owner", "--no-privileges")


def write(url: str, file: Path, *, snapshot: str | None, bin_folder: Path | None) -> None:
    """Write the state `snapshot` (None: the present) of the database at `url` to the new `file`, durably.

    Raises ProgramMissing where there is no pg_dump, DatabaseFailed when it cannot do it.
    """
    words = ["--format=custom", *_SQL, f"--file={file}", *([f"--snapshot={snapshot}"] if snapshot else [])]
    _run("pg_dump", words, bin_folder, url)
    with file.open("rb") as written:
        os.fsync(written.fileno())


def check(file: Path, *, bin_folder: Path | None) -> int:
    """How many things the dump holds. Raises DatabaseFailed for one that cannot be read to its end."""
    listed = _run("pg_restore", ["--list", str(file)], bin_folder)
    _run("pg_restore", [*_SQL, "--file=/dev/null", str(file)], bin_folder)
    return sum(1 for line in listed.splitlines() if line and not line.startswith(";"))


def put_back(url: str, file: Path, *, bin_folder: Path | None) -> None:
    """Put the dump in the place of what the database holds: all of it, or nothing changes."""
    options = ["--clean", "--if-exists", "--single-transaction", "--exit-on-error", *_SQL]
    _run("pg_restore", [*options, str(file)], bin_folder, url)


def _run(program: str, words: Sequence[str], bin_folder: Path | None, url: str | None = None) -> str:
    """What a program prints; `url`: the database that it connects to."""
    found = shutil.which(program, path=None if bin_folder is None else str(bin_folder))
    if found is None:
        where = "PATH" if bin_folder is None else bin_folder
        raise ProgramMissing(f"There is no {program} in {where}.")
    try:
        with tempfile.TemporaryFile() as secret:  # without a name, so nothing of it is ever left
            words = words if url is None else [f"--dbname={_open(url, secret)}", *words]
            fds = (secret.fileno(),)
            done = subprocess.run(
                [found, *words], capture_output=True, timeout=_SECONDS, text=True, pass_fds=fds
            )
    except (subprocess.SubprocessError, OSError) as error:
        raise DatabaseFailed(f"{program} could not be run: {error}") from error
    if done.returncode:
        lines = [
            line for line in done.stderr.strip().splitlines() if not line.startswith("password retrieved")
        ]
        said = (lines or ["it did not say why"])[-1]
        if "No space left" in done.stderr:
            raise DiskFull(f"{program}: {said}")
        raise DatabaseFailed(f"{program}: {said}", hint="It must be as new as the PostgreSQL server.")
    return done.stdout


def _open(url: str, secret: IO[bytes]) -> str:
    """The address with its password moved to a file: a command line is there for every user to see."""
    scheme, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    user, at, host = place.rpartition("@")
    name, _, password = user.partition(":")
    asked = parse_qsl(query, keep_blank_values=True)
    password = dict(asked).get("password") or unquote(password)
    if password:
        escaped = password.replace("\\", "\\\\").replace(":", "\\:")
        secret.write(f"*:*:*:*:{escaped}\n".encode())
        secret.flush()
        asked.append(("passfile", f"/dev/fd/{secret.fileno()}"))
    kept = urlencode([pair for pair in asked if pair[0] != "password"], quote_via=quote)
    return f"{scheme}://{name}{at}{host}{'?' if kept else ''}{kept}"
