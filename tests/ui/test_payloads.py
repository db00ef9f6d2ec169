"""Names, words and errors that look like code, in all that the real server tells its page: none ever runs."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from mem import config as mem_config
from mem.api.app import serving
from mem.memory import open_memory
from tests.api.seed import NOON, Seed

PAYLOADS = (
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    "\"><svg/onload=window.ran=1>",
    "'onmouseover='window.ran=1' autofocus onfocus='window.ran=1",
    "javascript:window.ran=1//.mp4",
    "<a href=\"javascript:window.ran=1\">x</a>",
    "</textarea></title></style></script><iframe srcdoc=\"<script>parent.ran=1</script>\">",
    "<math><mtext></p><style><img src onerror=window.ran=1></style>",
    "<template><script>window.ran=1</script></template><details open ontoggle=window.ran=1>",
    "<base href=//example.invalid/><link rel=stylesheet href=//example.invalid/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:window.ran=1'>",
    "{{constructor.constructor('window.ran=1')()}}${window.ran=1}<%= 1 %>",
    "<input name=body><form id=document><img name=getElementById>",
    "__proto__", "constructor", "../../../etc/passwd", "%3Cscript%3Ewindow.ran=1%3C/script%3E",
    "<mark onclick=window.ran=1>marked</mark>", "\u202e4pm.exe\u202c\u2028\u0007 \u0300",
    "<video><source onerror=window.ran=1></video>", "data:text/html,<script>window.ran=1</script>",
)  # fmt: skip
DAY = "/?screen=day&at=2026-11-20T12:00:30.000Z"
SCREENS = {
    "day": DAY,
    "range": f"{DAY}&range=2026-11-20T12:00:00.000Z/2026-11-20T12:01:00.000Z",
    "found": "/?screen=search&q=window",
    "intake": "/?screen=intake",
    "system": "/?screen=system",
}


class Real:
    """Where the real server is."""

    def __init__(self, url: str) -> None:
        self.url = url


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    facts = {"data_dir": str(tmp_path_factory.mktemp("payloads") / "data"), "storage.min_free_bytes": 0}
    facts |= {"capture.timezone": "UTC", "api.rate.read": "100000/minute"}
    with open_memory(mem_config.load(facts, environ={})) as memory:
        fill(Seed(memory))
        with serving(memory, worker=False) as (url, _):
            yield Real(url)


def fill(seed: Seed) -> None:
    for number, text in enumerate(PAYLOADS):
        begins = NOON + timedelta(seconds=number)
        digest = f"{number:064}"
        source = seed.source(
            begins, name=text, location=text, device=text, content_hash=digest, path=f"/v/{text}"
        )
        if number < 4:
            seed.frames(source, [0, 20, 60])
        seed.say(source, 5, f"window {text}")
        seed.read(source, 5 + number, f"window {text}")
        seed.note(f"window {text}", begins, source=source)
        job = seed.claimed(source)
        seed.finish(job, "failed", error_code="not_media", error_detail=text)
        seed.job(params={"path": f"/v/{text}", "name": text, "upload": True})


@pytest.mark.parametrize("address", SCREENS.values(), ids=SCREENS)
def test_nothing_that_is_told_runs(page, address):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(address)
    page.locator("main > section:not([hidden]) h1:visible").first.wait_for()
    page.wait_for_load_state("networkidle") if "intake" not in address else page.wait_for_timeout(500)
    shown = page.locator("body").inner_text()
    assert any(text in shown for text in PAYLOADS[:12]), shown[:500]
    for found in page.locator("main button:visible").all()[:3]:
        found.hover()
    assert page.evaluate("window.ran") is None
    assert page.locator("iframe, main script, main base, main meta, main svg[onload], [onerror]").count() == 0
    assert not [url for url in asked if not url.startswith((page.url.partition("/?")[0], "data:", "blob:"))]


def test_nothing_in_the_address_runs(page):
    for text in (PAYLOADS[1], PAYLOADS[3], PAYLOADS[4]):
        given = "&".join(f"{name}={quote(text)}" for name in ("q", "at", "range", "source", "zoom"))
        for screen in ("search", "day", quote(text)):
            page.goto(f"/?screen={screen}&{given}#{quote(text)}")
            page.locator("main").wait_for()
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
