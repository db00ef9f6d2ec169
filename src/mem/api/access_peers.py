"""Where a request comes from and by which name it calls this server: read off its head alone."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from mem.errors import BadRequest, ForeignOrigin, HeaderTooLarge, WrongHost

# What proxies, tunnels and content networks add; and whatever begins with x-forwarded.
_FORWARDED = ("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip")
_SAFE = ("GET", "HEAD", "OPTIONS")
_PORT = 65536
_MOST_BYTES = 65536  # of a head; h11 lets more pass where it arrives at once

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is at the other end."""

    address: str  # of the caller, or of the last machine that is not trusted; "" where it is not known
    local: bool  # on this machine, with nothing between
    trusted: bool  # a proxy of ours passes its words on
    https: bool  # from the caller's side


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks, parsed."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def peer_of(scope: Scope, headers: Headers, proxies: Sequence[Network]) -> Peer:
    """The peer of a request. Forwarding headers count only where a trusted proxy sent them."""
    address = scope["client"][0] if scope.get("client") else ""
    forwarded = any(name in _FORWARDED or name.startswith("x-forwarded") for name in headers)
    trusted = _among(address, proxies)
    https = scope.get("scheme") == "https"
    if trusted:
        hops = [hop.strip() for hop in ",".join(headers.getlist("x-forwarded-for")).split(",")]
        address = next((hop for hop in reversed(hops) if hop and not _among(hop, proxies)), address)
        https = headers.get("x-forwarded-proto", "https" if https else "http").strip().lower() == "https"
    local = _is_loopback(address) and not forwarded and not trusted
    return Peer(address=_plain(address), local=local, trusted=trusted, https=https)


def check_head(scope: Scope, headers: Headers, most: int) -> None:
    """Raise for more headers or bytes than are read, and for a body whose length is said in two ways."""
    size = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    size += sum(len(name) + len(value) for name, value in headers.raw)
    if size > _MOST_BYTES:
        raise HeaderTooLarge(f"The head of the request takes {size:,} bytes; {_MOST_BYTES:,} are read.")
    if len(headers.raw) > most:
        raise HeaderTooLarge(f"{len(headers.raw):,} headers came; {most:,} are read.")
    if "transfer-encoding" in headers and "content-length" in headers:
        raise BadRequest("Content-Length and Transfer-Encoding contradict each other.")


def check_host(host: str, names: Sequence[str], *, addresses: bool) -> None:
    """Raise WrongHost unless `host` names this machine or is one of `names`.

    `addresses`: any IP address will do. No other site can make a browser use one, as it can with a name.
    """
    name = _name(host)
    if name is None or not (is_local(host) or _listed(name, names) or (addresses and _parsed(name))):
        raise WrongHost(f"This server does not go by the name {host[:200]!r}.")


def check_origin(scope: Scope, headers: Headers, *, https: bool, unasked: bool) -> None:
    """Raise ForeignOrigin for what another site's page sends.

    Such a page may lead to this server by a link, and neither embed nor ask anything of it. Who is known
    by what a browser adds `unasked`, such as a cookie, must say which page asks to change something. Over
    `https` a page that came without is another site's: whoever carried it may have written it.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    open_page = https and origin is not None and origin.lower().startswith("http:")
    if origin is not None and (open_page or _place(origin) != headers.get("host", "").lower()):
        raise ForeignOrigin(f"A page of {origin[:200]} may not use this server.")
    safe = scope["method"] in _SAFE
    followed = safe and headers.get("sec-fetch-mode") == "navigate"
    if site not in (None, "same-origin", "none") and not followed:
        raise ForeignOrigin
    if safe:
        return
    if unasked and origin is None and site is None:
        raise ForeignOrigin("A browser that is signed in must say which page sends this.")


def is_local(host: str) -> bool:
    """Whether a Host header names this machine: localhost, *.localhost or a loopback address."""
    name = _name(host)
    return name is not None and (name == "localhost" or name.endswith(".localhost") or _is_loopback(name))


def bucket(address: str) -> str:
    """The address as limits count it: of IPv6 the network, since a caller has all of it."""
    found = _parsed(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((found, 64), strict=False))
    return address


def is_loopback_host(host: str) -> bool:
    """Whether a server that listens at `host` is reached from this machine alone."""
    return host == "localhost" or _is_loopback(host)


def _name(host: str) -> str | None:
    """The host name within a Host header, in small letters; None when it is malformed."""
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.netloc != host or "@" in host or (port is not None and port >= _PORT):
        return None
    return name or None


def _place(origin: str) -> str | None:
    """The host and port of an Origin header, in small letters; None when it is malformed."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # a bracket that is never closed, among others
        return None


def _listed(name: str, names: Sequence[str]) -> bool:
    for each in names:
        known = each.lower().rstrip(".")
        if name == known or (known.startswith("*.") and name.endswith(known[1:])):
            return True
    return False


def _among(address: str, known: Sequence[Network]) -> bool:
    found = _parsed(address)
    return found is not None and any(found in network for network in known)


def _is_loopback(address: str) -> bool:
    found = _parsed(address)
    return found is not None and bool(found.is_loopback)


def _parsed(address: str) -> Address | None:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _plain(address: str) -> str:
    found = _parsed(address)
    return address[:64] if found is None else str(found)
