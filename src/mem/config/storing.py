"""The sections about where frames and recordings are kept, and for how long."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from mem.config.base import Section
from mem.config.sections import RetentionRule, Size

Bucket = Annotated[str, Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?$")]
Place = Annotated[
    str,
    Field(pattern=r"^(~?/.*|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?)$", max_length=4096),
]


class S3Config(Section):
    """How the S3 of storage.frames, storage.originals and storage.backups is reached."""

    endpoint: str | None = Field(
        None, pattern=r"^https?://[^/@]+/?$", description="`https://s3.example`; none: Amazon's of the region"
    )
    region: str = Field("us-east-1", description="Region that requests are signed for")
    access_key_id: str | None = Field(
        None, description="Name of the key; none: what the machine has itself (its role, AWS_* variables)"
    )
    secret_access_key: str | None = Field(None, repr=False, description="The key")
    session_token: str | None = Field(None, repr=False, description="Token of a key that is good for a while")
    virtual_hosted: bool = Field(False, description="Name the bucket before the host, not in the path")
    timeout_seconds: float = Field(
        30.0, gt=0, le=600, description="Seconds after which a request, new tries included, has failed"
    )

    @model_validator(mode="after")
    def _key_is_whole(self) -> Self:
        """Half of a key would let the machine's own be used in silence."""
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("access_key_id and secret_access_key belong together: set both or none")
        return self


class StorageConfig(Section):
    """What is kept, and where."""

    frames: Bucket | None = Field(
        None, description="`s3://bucket/prefix` where closed packs of frames go; none: the data directory"
    )
    originals: Bucket | None = Field(
        None, description="`s3://bucket/prefix` where kept recordings go; none: the data directory"
    )
    cache_bytes: Size = Field(
        10 * 2**30, description="Bytes that may be kept on this machine of what lies in a bucket"
    )
    backups: Place | None = Field(
        None,
        description="Where backups go: a folder, or `s3://bucket/prefix`; none: `backups` in the data "
        "directory. Each memory needs a folder or prefix of its own",
    )
    s3: S3Config = S3Config()

    keep_originals: bool = Field(True, description="Keep uploaded files after they are taken in")
    retention_days: int | None = Field(
        None, ge=1, le=36_525, description="Days after which everything of a recording goes; none: never"
    )
    max_bytes: Size | None = Field(
        None,
        description="Bytes that originals and frames may take: beyond, the oldest originals go, then frames "
        "are thinned to one a minute, then they go; never text; none: as many as there are",
    )
    retention: tuple[RetentionRule, ...] = Field(
        (),
        description="Finer rules: a list of `what` (originals, thin, frames, everything) with `days` or "
        "`max_bytes`, and optionally `source`, `location`, `device`; see operations.md",
    )
    backup_max_hours: float | None = Field(
        192.0,
        gt=0,
        description="Hours after which the last backup in storage.backups is too old, which `/api/status` "
        "then says; none: never. Where there is none, nothing is said",
    )
    reel_after_days: int = Field(
        0,
        ge=0,
        le=36_525,
        description="Days after which pictures are coded anew, a few together, as AV1: where that saves 40 % "
        "of a pack's bytes and is near enough to what they were. 0: never",
    )
    min_free_bytes: Size = Field(2 * 2**30, description="Free space below which nothing is written")
