"""The sections about what is kept out: harmful files, and what is nobody's business."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mem.config.base import Section
from mem.config.sections import Size

Mask = Literal["cards", "emails", "keys"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Share = Annotated[float, Field(ge=0, le=1)]


class ClamavConfig(Section):
    """Asking ClamAV about each recording before it is decoded."""

    socket: str | None = Field(
        None, description="Where clamd listens: the path of its socket, or host:port; none: nothing is asked"
    )
    max_bytes: Size = Field(
        2**31 - 1, ge=1, description="Bytes of the largest file that is given to it whole, at most 2 GiB"
    )
    oversize: Literal["reject", "allow-flagged", "scan-head"] = Field(
        "allow-flagged",
        description="What becomes of a larger file: refused, taken in with `scan_status` too_large, or "
        "its beginning is looked at (head_clean)",
    )
    on_error: Literal["reject", "allow-flagged"] = Field(
        "reject",
        description="What becomes of a file when clamd does not answer: it has to wait, or it is taken in "
        "with `scan_status` unreachable",
    )
    timeout_seconds: float = Field(300.0, gt=0, le=7200, description="Seconds to wait for one verdict")


class SecurityConfig(Section):
    """Keeping harm out."""

    clamav: ClamavConfig = ClamavConfig()
    strict_permissions: bool = Field(
        False,
        description="Do not start (exit 78) while other users of the machine can read the data directory, "
        "instead of warning",
    )


class Exclusion(Section):
    """What of some recordings is not kept. Which: by name, location and device; none of them: all."""

    name: str | None = None
    location: str | None = None
    device: str | None = None
    hours: str | None = Field(None, pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")
    days: tuple[Day, ...] = ()
    region: tuple[Share, Share, Share, Share] | None = None
    text: str | None = Field(None, min_length=2, max_length=200)

    @model_validator(mode="after")
    def _meant(self) -> "Exclusion":
        if sum(value is not None for value in (self.hours, self.region, self.text)) > 1:
            raise ValueError("give one of hours, region and text in a rule, and another rule for the next")
        if self.days and self.hours is None:
            raise ValueError("days belong to hours, such as hours: 00:00-00:00 for the whole day")
        if self.region is not None and not (self.region[2] > 0 and self.region[3] > 0):
            raise ValueError("a region is left, top, width and height, as shares of the picture from 0 to 1")
        chosen = (self.name, self.location, self.device, self.hours, self.region, self.text)
        if all(value is None for value in chosen):
            raise ValueError("name what is not to be kept: a name, location, device, hours, region or text")
        return self


class PrivacyConfig(Section):
    """What is not kept of what is taken in."""

    exclude: tuple[Exclusion, ...] = Field(
        (),
        description="What is never kept: a list of `name`, `location`, `device` (which recordings; * and ? "
        "fit anything), and one of `hours` (22:00-06:00, with `days`), `region` ([left, top, width, "
        "height] as shares of the picture) or `text` on screen; without those the recordings as a whole; "
        "see security.md",
    )
    mask: tuple[Mask, ...] = Field(
        (),
        description="What is covered in speech and in text on screens before it is stored: cards (numbers "
        "of payment cards), emails (mail addresses), keys (tokens, passwords in addresses, private keys)",
    )
