"""Taking secrets out of what is about to be shown: log lines, the configuration, a support bundle."""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "[redacted]"

_PATTERNS = (
    (re.compile(r"\bmem_[A-Za-z0-9]{4,}_[A-Za-z0-9_-]{12,}"), f"mem_{HIDDEN}"),
    # What stands in a URL before the last @ of its host part is a name and a password.
    (re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{1,20}://)[^/\s'\"]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{8,}"), rf"\1\2{HIDDEN}"),
    (
        re.compile(r"(?i)\b((?:set-)?cookie|(?:proxy-)?authorization)(['\"]?\s*[:=]\s*)[^\r\n]+"),
        rf"\1\2{HIDDEN}",
    ),
    # As a setting, in an address or as one of the words by which PostgreSQL is reached.
    (
        re.compile(
            r"(?i)((?:password|passwd|secret|_token|signature|credential|access_?key|api_?key)\w{0,20}['\"]?"
            r"\s{0,8}[:=]\s{0,8}|\b(?:key|token|open)=)('[^']*'|\"[^\"]*\"|[^&\s;,'\"}]+)"
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"\bAGE-SECRET-KEY-1[A-Z0-9]+"), f"AGE-SECRET-KEY-{HIDDEN}"),
)
# A text with none of these, in small letters, holds none of the above.
_HINTS = (
    "mem_", "://", "bearer", "basic", "cookie", "authorization", "=", "age-secret", "passw", "secret",
    "_token", "credential", "access", "api",
)  # fmt: skip
_NAMES = re.compile(r"(?i)(password|passwd|secret|\w_token|cookie|authorization|private|access_key|api_key)")


def text(value: str) -> str:
    """`value` without tokens, credentials of URLs, authorization headers and cookies."""
    lowered = value.lower()
    if not any(hint in lowered for hint in _HINTS):
        return value
    for pattern, instead in _PATTERNS:
        value = pattern.sub(instead, value)
    return value


def named(name: str, value: Any) -> Any:
    """A value that stands under `name`: hidden where the name says that it is a secret.

    Numbers, truth values and nothing at all are no secrets, so a limit or a count stays to be read.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if _NAMES.search(name) and value not in ("", [], {}, ()):
        return HIDDEN
    return tree(value)


def tree(value: Any) -> Any:
    """The same for every text within mappings and lists."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {key: named(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [tree(item) for item in value]
    return value
