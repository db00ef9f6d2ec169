"""A backup on its way back: read, compared and laid out beside the present state, which stays as it is."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from mem import folders
from mem.config import Config
from mem.errors import BackupDamaged, BadRequest, DatabaseFailed, SealedBackup
from mem.objects import pointer
from mem.ops.backup import copying, keeping, linking, manifest, sealing, spread
from mem.ops.backup.manifest import Manifest, Stored
from mem.ops.backup.place import Place
from mem.ops.chores import Tell
from mem.store import duck_session, dump, engines, whole
from mem.store.database import sync_folder
from mem.store.whole import Held

_ROWS = "mem.duckdb"


class Stage:
    """What is about to take the place of the present state, in `folder`."""

    def __init__(
        self,
        config: Config,
        folder: Path,
        given: Path | tuple[Place, str],
        identity: Path | None,
        tell: Tell,
    ) -> None:
        """`given` is a file of rows, or a place and the name of a backup there."""
        self.folder = folder
        self.rows_only = isinstance(given, Path)  # recordings and their packs stay as they are
        self.made_at: datetime | None = None
        self.originals_kept = 0
        self.rows = folder / _ROWS
        self.kept_rows = folder.with_suffix(".dump")  # of PostgreSQL, before they are replaced
        self._config, self._given, self._tell = config, given, tell
        self._keys = sealing.identities(identity)

    def fill(self) -> None:
        """Lay it out. Raises BackupDamaged, SealedBackup, BadRequest for a backup of the other engine."""
        if isinstance(self._given, Path):
            self._refuse_other("duckdb" if self._given.suffix == ".duckdb" else "postgres")
            if self._config.database.url is None:
                copying.copy(self._given, self.rows)
                self._read_rows(self._given.name)
            else:
                self.rows = self._given
                dump.check(self.rows, bin_folder=self._config.database.programs)
        else:
            place, name = self._given
            self._fill_from(place, name, keeping.read(place, name))
        for folder, _, _ in os.walk(self.folder, topdown=False):
            sync_folder(Path(folder))
        self._tell(0.9, "exchanging the old state and the new one")

    def keep_rows(self, url: str) -> None:
        """Keep what PostgreSQL holds now."""
        self.kept_rows.unlink(missing_ok=True)
        dump.write(url, self.kept_rows, snapshot=None, bin_folder=self._config.database.programs)

    def _refuse_other(self, engine: str) -> None:
        if engine != ("duckdb" if self._config.database.url is None else "postgres"):
            raise BadRequest(
                f"The rows of this backup are of {'DuckDB' if engine == 'duckdb' else 'PostgreSQL'}.",
                hint="Restore it with database.url unset for DuckDB, or set to a PostgreSQL for one of that.",
            )

    def _fill_from(self, place: Place, name: str, found: Manifest) -> None:
        if found.recipients and not self._keys:
            raise SealedBackup
        self._refuse_other(found.engine)
        self.made_at = found.made_at
        (self.folder / "sources").mkdir(mode=0o700)
        done = 0

        def bring(file: Stored) -> Stored:
            target = self._place(found, file)
            if target is not None:
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._bring(place, name, found, file, target)
            return file

        for file in spread.over(place.at_once, bring, found.files):
            done += file.stored_size
            self._tell(0.8 * done / max(1, found.bytes), "reading the backup")
        self._tell(0.82, "reading the rows")
        if found.engine == "duckdb":
            held = self._read_rows(name)
            said = {name: Held(table.rows, table.digest) for name, table in found.tables.items()}
            if held != said:
                raise BackupDamaged(f"The rows in {found.name} are not what was written.")
            self._keep_originals()
        else:
            dump.check(self.rows, bin_folder=self._config.database.programs)

    def _place(self, found: Manifest, file: Stored) -> Path | None:
        """Where a file goes; None for those that are not for Mem itself."""
        if file.path == manifest.DATABASE[found.engine]:
            if found.engine == "postgres":
                self.rows = self.folder / "mem.dump"
            return self.rows
        return self.folder / file.path if file.path.startswith("sources/") else None

    def _bring(self, place: Place, name: str, found: Manifest, file: Stored, target: Path) -> None:
        """Compare a file with the manifest and put it at `target`: shared with the backup, or copied."""
        try:
            with place.stored(name, found, file) as source:
                if found.recipients:
                    self._unseal(found, file, source, target)
                    return
                if target != self.rows and source.stat().st_dev == self.folder.stat().st_dev:
                    linking.link(source, target)
                    digest, size = copying.sha256(target), target.stat().st_size
                else:
                    digest, size = copying.copy(source, target)
        except FileNotFoundError:
            raise BackupDamaged(f"{file.path} is missing in {found.name}.") from None
        if (digest, size) != (file.stored_sha256, file.stored_size):
            raise BackupDamaged(f"{file.path} in {found.name} is not what was written.")

    def _unseal(self, found: Manifest, file: Stored, source: Path, target: Path) -> None:
        if copying.sha256(source) != file.stored_sha256:
            raise BackupDamaged(f"{file.path} in {found.name} is not what was written.")
        sealing.unseal(source, target, self._keys)
        target.chmod(0o600)
        copying.sync(target)

    def _read_rows(self, backup: str) -> dict[str, Held]:
        """Read every value of the rows, then bring them to this Mem's schema."""
        try:
            with duck_session.reading(self.rows) as session:
                held = whole.digests(session, whole.tables(session))
                if "schema_migrations" not in held:
                    raise BackupDamaged(f"{backup} is no database of Mem.")
                astray = whole.astray(session)
        except DatabaseFailed as error:
            raise BackupDamaged(f"The rows in {backup} cannot be read: {error.detail}") from None
        if astray:  # what Mem deletes and writes anew would be elsewhere
            raise BackupDamaged(
                f"The rows in {backup} put the files of source {astray[0]} where none belong."
            )
        limits: Any = self._config.database
        engines.open_database(
            None, folder=self.folder, memory_limit=limits.memory_limit, threads=limits.threads
        ).close()
        copying.sync(self.rows)
        return held

    def _keep_originals(self) -> None:
        """Recordings that the backup is without and that lie in the old state stay in the new one."""
        with duck_session.reading(self.rows) as session:
            named = whole.originals(session)
        for folder, name in named:
            there, here = self._config.data_dir / folder / name, self.folder / folder / name
            led = pointer.place(there)  # to where it lies in a bucket
            if here.exists() or not name.startswith(f"{folders.ORIGINAL}."):
                continue
            if there.is_file() or led.is_file():
                here.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                kept = linking.link(there, here) or linking.link(led, pointer.place(here))
                self.originals_kept += kept
