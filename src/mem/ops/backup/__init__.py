"""Backups: made while everything goes on, each whole or none, and sharing what has not changed.

A backup is a manifest and the files that it names: the rows (``database/``), and ``sources/`` as in the data
directory. It lies in a folder of its own, or in a bucket; `place.Place` is all that knows which.
"""

from mem.ops.backup.creating import Made, Wish, create, refuse
from mem.ops.backup.folder import Folder
from mem.ops.backup.keeping import Backup, find, listed, prune
from mem.ops.backup.keeping import read as manifest_of
from mem.ops.backup.place import Place
from mem.ops.backup.places import latest, note_latest, of, reading, split
from mem.ops.backup.verifying import Verdict, verify

__all__ = [
    "Backup",
    "Folder",
    "Made",
    "Place",
    "Verdict",
    "Wish",
    "create",
    "find",
    "latest",
    "listed",
    "manifest_of",
    "note_latest",
    "of",
    "prune",
    "reading",
    "refuse",
    "split",
    "verify",
]
