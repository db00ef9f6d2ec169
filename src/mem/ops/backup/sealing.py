"""Encryption of backups with age: written for public keys, opened with a file of identities."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyrage

from mem.errors import BadRequest, SealedBackup, Unreadable

_PREFIX = "AGE-SECRET-KEY-"


def recipients(keys: Sequence[str]) -> list[Any]:
    """Public keys (``age1…``, or those of SSH) as the library has them. Raises BadRequest."""
    found: list[Any] = []
    for key in keys:
        try:
            kind = pyrage.ssh if key.startswith("ssh-") else pyrage.x25519
            found.append(kind.Recipient.from_str(key))
        except pyrage.RecipientError as error:
            hint = "Make a pair with `age-keygen -o key.txt`; the public half begins with age1."
            raise BadRequest(f"{key!r} is no public key of age: {error}.", hint=hint) from None
    return found


def identities(file: Path | None) -> list[Any]:
    """The secret keys in `file`, as age-keygen or ssh-keygen wrote them. Raises SealedBackup, Unreadable."""
    if file is None:
        return []
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise Unreadable(f"{file} cannot be read: {error.strerror}.") from None
    try:
        if b"PRIVATE KEY-----" in raw:
            return [pyrage.ssh.Identity.from_buffer(raw)]
        lines = [line.strip() for line in raw.decode("utf-8", "replace").splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith(_PREFIX)]
    except pyrage.IdentityError as error:
        raise SealedBackup(f"{file} holds no age identity: {error}.") from None
    if not found:
        raise SealedBackup(f"{file} holds no age identity.")
    return found


def seal(source: Path, target: Path, keys: Sequence[Any]) -> None:
    """Write `source` to `target` so that only the keys' owners can read it."""
    pyrage.encrypt_file(str(source), str(target), list(keys))


def unseal(source: Path, target: Path, keys: Sequence[Any]) -> None:
    """Write what `source` holds to `target`. Raises SealedBackup: another key, or damage."""
    try:
        pyrage.decrypt_file(str(source), str(target), list(keys))
    except pyrage.DecryptError as error:
        raise SealedBackup(f"{source.name} cannot be opened with that key: {error}.") from None


def opened_size(source: Path, keys: Sequence[Any]) -> int:
    """How many bytes a file holds, all of them decrypted and checked. Raises SealedBackup."""
    counter = _Counter()
    try:
        with source.open("rb") as file:
            pyrage.decrypt_io(file, counter, list(keys))
    except pyrage.DecryptError as error:
        raise SealedBackup(f"{source.name} cannot be opened with that key: {error}.") from None
    return counter.size


class _Counter(io.RawIOBase):
    """Takes bytes and keeps their number."""

    size = 0

    def write(self, data: Any) -> int:
        self.size += len(data)
        return len(data)
