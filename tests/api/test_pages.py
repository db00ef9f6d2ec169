"""The page's files travel packed, are not sent twice, and are few enough to be there at once."""

import gzip

from mem.api import pages

LIGHT = 150_000  # bytes of everything that the first load fetches


def test_a_file_travels_packed_to_who_can_unpack_it(client):
    plain = client.get("/web/main.js", headers={"Accept-Encoding": "identity"})
    packed = client.get("/web/main.js", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.headers["etag"] != plain.headers["etag"]


def test_a_packed_file_that_is_known_is_not_sent_again(client):
    first = client.get("/web/style.css", headers={"Accept-Encoding": "gzip"})
    headers = {"Accept-Encoding": "gzip", "If-None-Match": first.headers["etag"]}
    assert client.get("/web/style.css", headers=headers).status_code == 304


def test_the_whole_page_is_light():
    files = [file for file in pages.FOLDER.iterdir() if file.suffix in (".js", ".css", ".html", ".svg")]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < LIGHT
