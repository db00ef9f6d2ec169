"""While there are no tokens only callers on this machine are answered, from this server's own page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from mem.api import guard

from .test_problems import check


@pytest.fixture(scope="module")
def client(quiet):
    return quiet


def other_peer(client, peer: str) -> TestClient:
    return TestClient(client.app, base_url="http://127.0.0.1:8000", client=(peer, 5))


@pytest.mark.parametrize("peer", ["192.168.1.5", "8.8.8.8", "2001:db8::1", "::ffff:10.0.0.1", "", "unix"])
def test_a_peer_from_elsewhere_is_refused(client, peer):
    check(other_peer(client, peer).get("/api/status"), 403, "setup_required")


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_a_peer_on_this_machine_is_answered(client, peer):
    assert other_peer(client, peer).get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "Via", "X-Forwarded-Proto",
     "CF-Connecting-IP", "X-Client-IP"],
)  # fmt: skip
def test_a_forwarded_request_is_refused(client, header):
    check(client.get("/healthz", headers={header: "127.0.0.1"}), 403, "setup_required")


@pytest.mark.parametrize(
    "host", ["example.com", "127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", "", "a@127.0.0.1"]
)
def test_a_name_of_another_machine_is_misdirected(client, host):
    check(client.get("/healthz", headers={"Host": host}), 421, "wrong_host")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1:9", "[::1]:8000", "mem.localhost"]
)
def test_a_name_of_this_machine_is_served(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@given(st.text(max_size=40))
def test_no_host_header_breaks_the_check(host):
    assert guard.is_local(host) in (True, False)


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.com",
        "null",
        "http://127.0.0.1:9000",
        "http://localhost:8000",
        "http://[",
        "http://[::1",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_another_origin_is_refused(client, origin, method):
    check(client.request(method, "/api/notes", headers={"Origin": origin}), 403, "foreign_origin")


def test_a_form_of_another_site_without_an_origin_is_refused(client):
    answer = client.post("/api/jobs/1/cancel", headers={"Sec-Fetch-Site": "cross-site"})
    check(answer, 403, "foreign_origin")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_can_lead_here_and_embed_nothing(client, site):
    led = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/", headers=led).status_code == 200
    embedded = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    check(client.get("/api/frames/1/image", headers=embedded), 403, "foreign_origin")
    check(client.post("/api/privacy/pause", headers=led), 403, "foreign_origin")


def test_the_servers_own_page_is_served(client):
    answer = client.get(
        "/api/jobs", headers={"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 200


def test_nothing_is_shared_with_other_origins(client):
    assert not [name for name in client.get("/api/jobs").headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "given_", ["Bearer wrong", "Bearer", "Basic dXNlcjpwYXNz", "Bearer ünïcode".encode()]
)
def test_a_wrong_key_is_not_a_missing_key(client, given_):
    answer = client.get("/api/jobs", headers={"Authorization": given_})
    check(answer, 401, "bad_key")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_owner_may_capture_what_lies_outside_the_roots(client, owner, tmp_path):
    file = tmp_path / "elsewhere.mp4"
    file.write_bytes(b"video")
    check(client.post("/api/capture", json={"path": str(file)}), 404, "not_found")
    assert client.post("/api/capture", json={"path": str(file)}, headers=owner).status_code == 202


def test_every_answer_forbids_what_the_page_does_not_need(client):
    for path in ("/", "/api/jobs", "/api/nothing"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
