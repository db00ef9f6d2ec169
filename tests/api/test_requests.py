"""What a request must look like before anything of it is read, and how many there may be."""

import asyncio

import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from mem.api import access_peers, posture, rates
from mem.api.access_peers import networks, peer_of
from mem.errors import BadConfig, TooBusy, TooManyRequests
from tests import loops

from .access import FAR, bearer, far, secret
from .conftest import KEY, local_client
from .test_problems import check

PROXIES = networks(["10.0.0.0/8", "127.0.0.1"])


def changed(memory, **api):
    object.__setattr__(
        memory,
        "config",
        memory.config.model_copy(update={"api": memory.config.api.model_copy(update=api)}),
    )
    return memory


def peer(client: str, **headers: str):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return peer_of({"client": (client, 1), "scheme": "http"}, Headers(given), PROXIES)


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.7", "10.0.0.1"),
        ("203.0.113.9", "127.0.0.1", "203.0.113.9"),
        ("10.0.0.1", "127.0.0.1, nonsense", "nonsense"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
    ],
)
def test_only_a_trusted_proxy_says_for_whom_it_asks(client, forwarded, address):
    assert peer(client, x_forwarded_for=forwarded).address == address


def test_a_proxy_of_ours_is_never_taken_for_somebody_on_this_machine():
    assert not peer("127.0.0.1").local
    assert not peer("127.0.0.1", x_forwarded_for="127.0.0.1").local


def test_only_a_trusted_proxy_says_that_it_is_https():
    assert peer("10.0.0.1", x_forwarded_proto="https").https
    assert not peer("192.0.2.1", x_forwarded_proto="https").https


@pytest.mark.parametrize(
    ("host", "status"),
    [("mem.example.org", 200), ("MEM.example.org:443", 200), ("a.lan", 200), ("192.168.1.9:8000", 200),
     ("[2001:db8::1]", 200), ("example.org", 421), ("xmem.example.org", 421), ("lan", 421), ("", 421)],
)  # fmt: skip
def test_a_server_goes_by_the_names_it_was_given(memory, host, status):
    text = secret(memory, "read")
    with local_client(changed(memory, allowed_hosts=("mem.example.org", "*.lan"))) as client:
        answer = far(client.app, **bearer(text)).get("/api/jobs", headers={"Host": host})
        assert answer.status_code == status


def test_an_address_is_no_name_of_a_server_that_asks_for_nothing(client):
    check(client.get("/healthz", headers={"Host": "192.168.1.9:8000"}), 421, "wrong_host")


def test_with_no_asking_everybody_is_answered(memory):
    with local_client(changed(memory, auth="none")) as client:
        assert far(client.app).get("/api/jobs").status_code == 200
        assert far(client.app).get("/api/tokens").status_code == 403


def test_tokens_alone_can_be_asked_for_from_the_beginning(memory):
    with local_client(changed(memory, auth="token")) as client:
        check(client.get("/api/jobs"), 401, "token_required")
        assert client.get("/api/jobs", headers=bearer(KEY)).status_code == 200


@pytest.mark.parametrize(("client", "status"), [("10.0.0.1", 200), ("192.0.2.1", 401)])
def test_a_user_whom_a_trusted_proxy_signed_in_may_what_is_set(memory, client, status):
    secret(memory, "read")
    facts = {"trusted_proxies": ("10.0.0.0/8",), "proxy_user_header": "X-Remote-User"}
    with local_client(changed(memory, **facts)) as local:
        proxied = TestClient(local.app, base_url="http://127.0.0.1", client=(client, 5))
        headers = {"X-Remote-User": "anna", "X-Forwarded-For": "203.0.113.9"}
        assert proxied.get("/api/jobs", headers=headers).status_code == status
        if status == 200:
            own = headers | {"Origin": "http://127.0.0.1"}
            check(proxied.post("/api/jobs/1/cancel", headers=own), 403, "insufficient_scope")


PROXY = {"trusted_proxies": ("10.0.0.0/8",), "proxy_user_header": "X-Remote-User"}
ANNA = {"X-Remote-User": "anna", "X-Forwarded-For": "203.0.113.9"}


def proxied(app) -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1", client=("10.0.0.1", 5), headers=ANNA)


def test_a_user_whom_two_seem_to_have_named_is_nobody(memory):
    with local_client(changed(memory, **PROXY)) as local:
        twice = [("X-Remote-User", "root"), ("X-Remote-User", "anna")]
        caller = TestClient(local.app, base_url="http://127.0.0.1", client=("10.0.0.1", 5))
        check(caller.get("/api/jobs", headers=twice), 400, "bad_request")


def test_a_user_of_a_proxy_changes_things_from_this_servers_own_page_alone(memory):
    with local_client(changed(memory, **PROXY, proxy_user_scopes=("read", "write"))) as local:
        caller = proxied(local.app)
        note = {"start": "2026-11-20T12:00:00Z", "text": "hers"}
        check(caller.post("/api/notes", json=note), 403, "foreign_origin")
        own = {"Origin": "http://127.0.0.1"}
        assert caller.post("/api/notes", json=note, headers=own).status_code == 201


def test_a_user_of_a_proxy_is_named_in_the_log_of_who_did_what(memory, owner):
    with local_client(changed(memory, **PROXY)) as local:
        assert proxied(local.app).get("/api/sources").status_code == 200
        (entry,) = local.get("/api/audit?token=anna by proxy", headers=owner).json()["entries"]
        assert (entry["address"], entry["route"]) == ("203.0.113.9", "/api/sources")


def test_a_token_counts_more_than_what_a_proxy_says(memory):
    text = secret(memory, "metrics")
    with local_client(changed(memory, **PROXY)) as local:
        answer = proxied(local.app).get("/api/jobs", headers=bearer(text))
        check(answer, 403, "insufficient_scope")


@pytest.mark.parametrize(
    ("host", "auth", "good"),
    [("127.0.0.1", "auto", True), ("::1", "auto", True), ("localhost", "auto", True),
     ("0.0.0.0", "auto", False), ("192.168.1.5", "auto", False),
     ("0.0.0.0", "token", True), ("0.0.0.0", "none", True)],
)  # fmt: skip
def test_a_server_that_others_reach_must_ask_who_they_are(memory, host, auth, good):
    config = changed(memory, host=host, auth=auth).config
    if good:
        posture.check(config, memory)
    else:
        with pytest.raises(BadConfig) as refusal:
            posture.check(config, memory)
        assert refusal.value.exit_status == 78
        assert "mem token create" in refusal.value.hint
        assert "mem serve --host 127.0.0.1" in refusal.value.hint
        secret(memory, "admin")
        posture.check(config, memory)


def test_more_headers_than_are_read_are_refused(client):
    answer = client.get("/api/jobs", headers={f"X-{n}": "1" for n in range(150)})
    check(answer, 431, "header_too_large")
    check(client.get("/api/jobs", headers={"X-A": "a" * 66_000}), 431, "header_too_large")
    check(client.get(f"/api/jobs?a={'a' * 60_000}", headers={"X-A": "a" * 6000}), 431, "header_too_large")


def test_a_bucket_gives_bursts_and_then_an_even_stream():
    now = [0.0]
    buckets = rates.Buckets(rates.parse("10/second"), clock=lambda: now[0])
    for _ in range(10):
        buckets.take("a")
    with pytest.raises(TooManyRequests) as refusal:
        buckets.take("a")
    assert refusal.value.retry_after == 1
    buckets.take("b")
    now[0] = 0.25
    buckets.take("a")
    buckets.take("a")
    with pytest.raises(TooManyRequests):
        buckets.take("a")
    now[0] = 100
    for _ in range(10):
        buckets.take("a")


def test_as_many_callers_as_there_are_take_no_more_room():
    buckets = rates.Buckets(rates.parse("1/hour"))
    for number in range(10_500):
        buckets.take(str(number))
    assert len(buckets._left) == 10_000


def test_a_caller_that_asks_too_often_is_told_when_to_come_back(memory):
    text = secret(memory, "read")
    other = secret(memory, "read")
    rate = memory.config.api.rate.model_copy(update={"read": "3/minute"})
    with local_client(changed(memory, rate=rate)) as client:
        caller = far(client.app, **bearer(text))
        assert [caller.get("/api/notes").status_code for _ in range(4)] == [200, 200, 200, 429]
        answer = caller.get("/api/notes")
        check(answer, 429, "too_many_requests")
        assert 1 <= int(answer.headers["retry-after"]) <= 21
        assert far(client.app, **bearer(other)).get("/api/notes").status_code == 200
        assert far(client.app).get("/healthz").status_code == 200


def test_whoever_has_no_token_asks_no_more_often_and_fills_no_log(memory):
    text = secret(memory, "read")
    rate = memory.config.api.rate.model_copy(update={"read": "3/minute"})
    with local_client(changed(memory, rate=rate)) as client:
        caller = far(client.app)
        assert [caller.get("/api/sources").status_code for _ in range(5)] == [401, 401, 401, 429, 429]
        assert caller.get("/api/sources", headers=bearer(text)).status_code == 200
        entries = client.get("/api/audit", headers=bearer(KEY)).json()["entries"]
        assert [entry["status"] for entry in entries] == [200]


def test_whoever_tries_tokens_is_told_to_wait_and_who_has_one_is_not(memory):
    text = secret(memory, "read")
    rate = memory.config.api.rate.model_copy(update={"failures": "3/minute"})
    with local_client(changed(memory, rate=rate)) as client:
        caller = far(client.app)
        tried = [caller.get("/api/notes", headers=bearer(f"mem_{n}")).status_code for n in range(5)]
        assert tried == [401, 401, 401, 429, 429]
        assert caller.get("/api/notes", headers=bearer(text)).status_code == 200


def test_a_caller_of_ipv6_is_counted_with_its_whole_network():
    assert access_peers.bucket("2001:db8::1") == access_peers.bucket("2001:db8::2:3")
    assert access_peers.bucket("2001:db8::1") != access_peers.bucket("2001:db8:1::1")
    assert access_peers.bucket(FAR) == FAR


def test_one_address_has_only_so_many_under_way():
    places = rates.Places("uploads", 2)
    with (
        places.one("a"),
        places.one("a"),
        places.one("b"),
        pytest.raises(TooManyRequests),
        places.one("a"),
    ):
        pass
    with places.one("a"):
        pass
    assert not places._taken


def test_searches_wait_their_turn_and_no_more_than_so_many():
    async def run():
        queue = rates.Queue(1, 1)
        order = []
        first, free = asyncio.Event(), asyncio.Event()

        async def work(name):
            async with queue.turn():
                order.append(name)
                first.set()
                await free.wait()

        async with asyncio.TaskGroup() as group:
            group.create_task(work("a"))
            await first.wait()
            group.create_task(work("b"))
            await asyncio.sleep(0)
            with pytest.raises(TooBusy):
                await work("c")
            free.set()
        return order

    assert loops.run(run()) == ["a", "b"]


def test_a_server_that_cannot_start_says_why_in_a_sentence(tmp_path, monkeypatch):
    from mem.api.app import create_app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEM_API__NONSENSE", "1")
    said = []

    async def run():
        words = iter([{"type": "lifespan.startup"}])

        async def receive():
            return next(words)

        async def send(message):
            said.append(message)

        await create_app()({"type": "lifespan"}, receive, send)

    loops.run(run())
    (message,) = said
    assert message["type"] == "lifespan.startup.failed"
    assert message["message"].startswith("There is no setting 'api.nonsense'.")
    assert "Traceback" not in message["message"]
