"""Backups: made while everything goes on, each whole or none, and sharing what has not changed.

A backup is a folder: ``manifest.json``, the rows (``database/``), and ``sources/`` as in the data directory.
"""

from mem.ops.backup.creating import Made, Wish, create, refuse
from mem.ops.backup.keeping import Backup, find, latest, listed, prune, root
from mem.ops.backup.manifest import read as manifest_of
from mem.ops.backup.verifying import Verdict, verify

__all__ = [
    "Backup",
    "Made",
    "Verdict",
    "Wish",
    "create",
    "find",
    "latest",
    "listed",
    "manifest_of",
    "prune",
    "refuse",
    "root",
    "verify",
]
