"""An OpenID Connect provider on this machine: it signs everybody in, as the person that `claims` tells."""

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "mem", "provider-secret-5e1f"
ANN = {"sub": "u-1", "email": "ann@example.org", "email_verified": True, "groups": ["family", "staff"]}
KEYS = {
    kid: RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}, private=True) for kid in ("first", "second")
}


class Provider(ThreadingHTTPServer):
    """What it knows; a test changes it while it runs."""

    daemon_threads = True

    def __init__(self, host: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://{host}:{self.server_address[1]}"
        self.claims: dict[str, Any] = dict(ANN)
        self.wrong: dict[str, Any] = {}  # of the token, in place of what is right; None: left out
        self.signs, self.header = "first", {}  # by which key, and what is wrong in the head of the token
        self.shows = ["first"]  # keys that it tells of
        self.description: dict[str, Any] = {}  # what is said otherwise there
        self.status = 200  # of every answer but the description
        self.raw = b""  # the whole answer for a code, as it goes over the line
        self.held = threading.Event()  # what the rest of it waits for, which never comes
        self.refuses = ""  # the error with which browsers are sent back
        self.tampered = False
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "authorization_response_iss_parameter_supported": True,
        } | self.description

    def back(self, query: dict[str, str]) -> str:
        """The address to which a browser is sent that came with this query."""
        given = {"state": query["state"], "iss": self.url}
        if self.refuses:
            return f"{query['redirect_uri']}?{urlencode({**given, 'error': self.refuses})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({**given, 'code': code})}"

    def token(self, form: dict[str, str], client: str) -> tuple[int, dict[str, Any]]:
        """The answer to a code."""
        begun = self.codes.pop(form.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if client != f"{CLIENT}:{SECRET}":
            return 401, {"error": "invalid_client"}
        if begun is None or begun["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if begun["code_challenge"] != proof.decode().rstrip("=") or begun["code_challenge_method"] != "S256":
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.signed(begun["nonce"])}

    def signed(self, nonce: str) -> str:
        now = int(time.time())
        told = {"iss": self.url, "aud": CLIENT, "nonce": nonce, "iat": now, "exp": now + 300}
        told = {
            name: value for name, value in {**self.claims, **told, **self.wrong}.items() if value is not None
        }
        header = {"alg": "RS256", "kid": self.signs, **self.header}
        if header["alg"] in ("none", "HS256"):
            text = ".".join(_coded(json.dumps(part).encode()) for part in (header, told))
            public = KEYS[self.signs].as_pem(private=False)
            made = hmac.digest(public, text.encode(), "sha256") if header["alg"] == "HS256" else b""
            return f"{text}.{_coded(made)}"
        text = jwt.encode(header, told, KEYS[self.signs], algorithms=[header["alg"]])
        if self.tampered:
            head, _, sign = text.split(".")
            text = f"{head}.{_coded(json.dumps({**told, 'email': 'eve@example.org'}).encode())}.{sign}"
        return text


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""

    def do_GET(self) -> None:
        parts, provider = urlsplit(self.path), self.server
        provider.asked.append(parts.path)
        if parts.path == "/.well-known/openid-configuration":
            self.say(200, provider.described())
        elif parts.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.send_response(302)
            self.send_header("Location", provider.back(query))
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            keys = [KEYS[kid].as_dict(private=False) for kid in provider.shows]
            self.say(provider.status, {"keys": keys})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        kind, _, given = self.headers.get("Authorization", "").partition(" ")
        client = unquote(base64.b64decode(given).decode()) if kind == "Basic" else ""
        client = client or f"{form.get('client_id')}:{form.get('client_secret')}"
        self.server.asked.append(self.path)
        if self.server.raw:
            with contextlib.suppress(OSError):
                self.wfile.write(self.server.raw)
                self.wfile.flush()
            self.close_connection = True
            self.server.held.wait(20)
            return
        status, answer = self.server.token(form, client)
        self.say(self.server.status if self.server.status != 200 else status, answer)

    def say(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def running(host: str = "127.0.0.1") -> Iterator[Provider]:
    """The provider, by one of the names of this machine."""
    provider = Provider(host)
    thread = threading.Thread(target=provider.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.held.set()
        provider.shutdown()
        provider.server_close()
        thread.join()


def settings(provider: Provider, *rules: dict[str, Any]) -> dict[str, Any]:
    """The configuration of Mem that goes with it."""
    return {
        "api.oidc.issuer": provider.url,
        "api.oidc.client_id": CLIENT,
        "api.oidc.client_secret": SECRET,
        "api.oidc.name": "Example",
        "api.oidc.allow": list(rules)
        or [{"values": ["ann@example.org"], "claim": "email", "scopes": ["admin"]}],
    }


def _coded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
