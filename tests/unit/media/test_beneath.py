"""No link is followed, whoever puts it there and whenever."""

import os
import threading

import pytest

from mem import errors
from mem.capture import submit
from mem.media import beneath, sandbox


@pytest.fixture(params=["openat2", "walked"])
def opening(request, monkeypatch):
    """Each way to open; the second is for kernels without the call."""
    if request.param == "walked":
        monkeypatch.setattr(beneath.sys, "platform", "elsewhere")


def content(fd):
    try:
        return os.read(fd, 100)
    finally:
        os.close(fd)


@pytest.mark.usefixtures("opening")
def test_a_file_is_opened_by_its_real_path_and_by_no_other(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "secret"
    (root / "in").mkdir(parents=True)
    outside.write_bytes(b"secret")
    (root / "in" / "a.mp4").write_bytes(b"good")
    (root / "b.mp4").symlink_to(outside)
    (root / "up").symlink_to(tmp_path)
    assert content(beneath.open_regular(root / "in" / "a.mp4", root)) == b"good"
    assert content(beneath.open_regular(root / "in" / "a.mp4")) == b"good"
    refused = [root / "b.mp4", root / "up" / "secret", outside, root / "in", root / ".." / "secret"]
    for path in (*refused, root / "none", root / "a\0b"):
        with pytest.raises(OSError):
            beneath.open_regular(path, root)
    for path in (root / "b.mp4", root / "up" / "secret"):
        with pytest.raises(OSError, match=r"symbolic|directory"):
            beneath.open_regular(path)


@pytest.mark.usefixtures("opening")
def test_a_pipe_or_a_socket_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a file"):
        beneath.open_regular(tmp_path / "pipe", tmp_path)


@pytest.mark.usefixtures("opening")
def test_a_file_that_is_swapped_for_a_link_all_the_time_is_never_followed(tmp_path):
    """Names and folders change places with links to a secret while captures ask for them."""
    root, secret = tmp_path / "root", tmp_path / "secret"
    swapped, link = root / "day", root / "link"
    for folder in (secret, swapped):
        folder.mkdir(parents=True)
    (secret / "a.mp4").write_bytes(b"secret")
    (swapped / "a.mp4").write_bytes(b"good")
    link.symlink_to(secret)
    done = threading.Event()

    def swap():
        while not done.is_set():
            swapped.rename(root / "aside")
            link.rename(swapped)
            swapped.rename(link)
            (root / "aside").rename(swapped)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        found = [tried(root, swapped / "a.mp4") for _ in range(300)]
    finally:
        done.set()
        thread.join()
    assert b"secret" not in found


def tried(root, path):
    try:
        real = submit.allowed(path, (root,))
        return content(sandbox.open_video(real))
    except (errors.NotFound, errors.Unreadable):
        return None
