"""Whether a server may listen where it was told to."""

import logging

from mem.api import access_peers, provider
from mem.config import Config
from mem.errors import BadConfig
from mem.memory import Memory
from mem.store import tokens

log = logging.getLogger(__name__)


def check(config: Config, memory: Memory) -> None:
    """Raise BadConfig for a server that others could reach and that would not ask who they are.

    Also for a provider that nobody could sign in through; ExtraMissing where its library is not installed.
    """
    api = config.api
    if api.auth == "none":
        log.warning(
            "api.auth is none: whoever reaches this server may read and delete everything",
            extra={"action": "auth_off", "host": api.host},
        )
        return
    provider.made(api.oidc)  # what it lacks is said before anything listens
    if api.auth == "token" or api.oidc.issuer is not None or access_peers.is_loopback_host(api.host):
        return
    if not any(one.token.kind == "token" for one in tokens.every(memory.db)):
        raise BadConfig(
            f"{api.host} can be reached by others, and there is no token by which to know you from them.",
            hint="Either make one and start again: `mem token create --name admin --scope admin`; or serve "
            "this machine alone: `mem serve --host 127.0.0.1`. See api.auth in docs/security.md.",
        )
