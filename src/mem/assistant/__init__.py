"""What programs that answer for a person, such as assistants, may ask: read-only, with what to cite.

`answers` turns what the API says into answers whose every fact carries its UTC times and a link;
`tools` offers them by the Model Context Protocol. Both ask through an `Asker`, so that whoever asks gets
exactly what the API gives them.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from mem.errors import NoAssistants

if TYPE_CHECKING:
    from mcp.server import MCPServer

Json = dict[str, Any]


class Asker(Protocol):
    """Someone who asks the API: the command line over a socket, or the server itself for a caller."""

    @property
    def url(self) -> str:
        """Where the page is, without a slash at its end."""

    def get(self, path: str, **query: object) -> Json:
        """The JSON object at `path`; an underscore at the end of a name is dropped. Raises MemError."""

    def raw(self, path: str, **query: object) -> bytes:
        """The bytes at `path`. Raises MemError."""


def server(asker: Callable[[Any], Asker]) -> "MCPServer[Any]":
    """A server of the protocol; `asker` gives who asks, for the context of a call.

    Raises NoAssistants where the extra is missing.
    """
    try:
        from mem.assistant import tools
    except ImportError as error:
        raise NoAssistants(f"The protocol for assistants cannot be loaded: {error}.") from None
    return tools.build(asker)
