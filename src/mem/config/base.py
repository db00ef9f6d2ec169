"""What every section of the configuration is."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Keys that belong together; frozen, and every key known."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
