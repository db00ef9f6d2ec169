"""The configuration: read once at the entrance, checked, then frozen.

Later wins: the defaults below, ``config.yaml`` in the data directory, ``config.yaml`` in the
working directory, ``MEM_SECTION__KEY`` in the environment, the command line. An unknown key is
refused with the nearest known name, so that a typing error never silently means the default.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import pydantic
import yaml
from pydantic import BaseModel, Field

from mem.config.base import Section
from mem.config.guarding import PrivacyConfig, SecurityConfig
from mem.config.sections import (
    ApiConfig,
    CaptureConfig,
    DatabaseConfig,
    JobsConfig,
    LoggingConfig,
    MediaConfig,
    SearchConfig,
    WhisperConfig,
)
from mem.config.storing import StorageConfig
from mem.errors import BadConfig

__all__ = ["ApiConfig", "Config", "load", "notify_socket", "settings"]


class Config(Section):
    """Everything that can be set; see docs/configuration.md, which is made from this."""

    data_dir: Path = Field(Path("data"), description="The data directory")
    database: DatabaseConfig = DatabaseConfig()
    capture: CaptureConfig = CaptureConfig()
    whisper: WhisperConfig = WhisperConfig()
    media: MediaConfig = MediaConfig()
    storage: StorageConfig = StorageConfig()
    jobs: JobsConfig = JobsConfig()
    api: ApiConfig = ApiConfig()
    search: SearchConfig = SearchConfig()
    security: SecurityConfig = SecurityConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    logging: LoggingConfig = LoggingConfig()

    @pydantic.model_validator(mode="after")
    def _work_is_possible(self) -> Self:
        """Workers in other processes need a database that several processes can have open."""
        if self.jobs.backend != "embedded" and self.database.url is None:
            raise ValueError(
                f"jobs.backend {self.jobs.backend} needs PostgreSQL: a DuckDB file has one owner. Set "
                "database.url (`mem db move --to postgresql://…` takes what is there along), or jobs.backend "
                "to embedded"
            )
        if self.jobs.backend == "celery" and self.jobs.broker_url is None:
            raise ValueError("jobs.backend celery needs jobs.broker_url, such as redis://localhost:6379/0")
        return self

    @property
    def allowed_roots(self) -> tuple[Path, ...]:
        """The folders that captures by path may read."""
        return self.capture.allowed_roots or (self.data_dir / "inbox",)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of local times."""
        return ZoneInfo(self.capture.timezone)


def load(
    overrides: Mapping[str, object] | None = None, *, environ: Mapping[str, str] | None = None
) -> Config:
    """The configuration from files, environment and `overrides` (dotted keys, the strongest).

    Raises BadConfig with the key, what is wrong with it, and the nearest known key.
    """
    environ = os.environ if environ is None else environ
    given: dict[str, object] = {key: value for key, value in (overrides or {}).items() if value is not None}
    data_dir = Path(str(given.get("data_dir") or environ.get("MEM_DATA_DIR") or "data")).expanduser()
    tree: dict[str, Any] = {}
    for file in (data_dir / "config.yaml", Path("config.yaml")):
        _merge(tree, _read(file))
    _merge(tree, _from_environment(environ))
    for key, value in given.items():
        _merge(tree, _nested(key.split("."), value))
    tree["data_dir"] = data_dir.absolute()
    _refuse_unknown(tree)
    try:
        return Config.model_validate(tree)
    except pydantic.ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}".removeprefix(": ") for e in error.errors()]
        raise BadConfig("; ".join(lines), hint="`mem config show` lists every key.") from None


def settings() -> Iterator[tuple[str, pydantic.fields.FieldInfo]]:
    """Every key that can be set, dotted, with its field."""
    yield from _settings(Config, "")


def notify_socket(environ: Mapping[str, str] | None = None) -> str | None:
    """Where systemd listens for what a service says of itself; None where it does not."""
    return (os.environ if environ is None else environ).get("NOTIFY_SOCKET") or None


def _settings(section: type[BaseModel], prefix: str) -> Iterator[tuple[str, pydantic.fields.FieldInfo]]:
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from _settings(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def _read(file: Path) -> dict[str, Any]:
    try:
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadConfig(f"{file} cannot be read: {error}") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise BadConfig(f"{file} must hold sections such as `capture:`, not a {type(tree).__name__}.")
    return tree


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, text in environ.items():
        if name.startswith("MEM_") and "__" in name:
            path = name.removeprefix("MEM_").lower().split("__")
            _merge(tree, _nested(path, yaml.safe_load(text) if text[:1] in "[{" else text))
    return tree


def _nested(path: list[str], value: object) -> dict[str, Any]:
    for name in reversed(path):
        value = {name: value}
    assert isinstance(value, dict)
    return value


def _merge(tree: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict):
            _merge(tree[key], value)
        else:
            tree[key] = value


def _refuse_unknown(tree: Mapping[str, Any]) -> None:
    known = {key for key, _ in settings()}
    sections = {key.rsplit(".", depth)[0] for key in known for depth in range(1, key.count(".") + 1)}
    for key in _leaves(tree, "", sections):
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            raise BadConfig(f"There is no setting {key!r}." + (f" Did you mean {near[0]!r}?" if near else ""))


def _leaves(tree: Mapping[str, Any], prefix: str, sections: set[str]) -> Iterator[str]:
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and key in sections:
            yield from _leaves(value, f"{key}.", sections)
        else:
            yield key
