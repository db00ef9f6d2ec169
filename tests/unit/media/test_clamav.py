"""What the daemon says, and everything else that may come instead of an answer."""

import os
import socket
import threading

import pytest

from mem.media.clamav import Away, Daemon, Exceeded, Verdict
from tests import clamd


@pytest.fixture
def scanner():
    with clamd.fake() as daemon:
        yield daemon


@pytest.fixture
def opened(tmp_path):
    """Gives a descriptor of a file with this content."""
    files = []

    def put(content):
        path = tmp_path / f"{len(files)}"
        path.write_bytes(content)
        files.append(os.open(path, os.O_RDONLY))
        return files[-1]

    yield put
    for fd in files:
        os.close(fd)


def ask(scanner, seconds=5.0):
    return Daemon(scanner.path, seconds)


def test_a_daemon_that_is_there_answers(scanner):
    ask(scanner).ping()
    assert scanner.asked == [("zPING", b"")]


def test_the_open_file_itself_is_handed_over_from_its_beginning(scanner, opened):
    fd = opened(b"0123456789")
    os.lseek(fd, 5, os.SEEK_SET)
    assert ask(scanner).scan(fd) == Verdict(None)
    assert scanner.asked == [("zFILDES", b"0123456789")]


def test_of_a_large_file_the_beginning_is_sent(scanner, opened):
    content = os.urandom(700_000)
    assert ask(scanner).scan(opened(content), 600_000) == Verdict(None)
    assert scanner.asked == [("zINSTREAM", content[:600_000])]


def test_what_is_found_has_a_name(scanner, opened):
    assert ask(scanner).scan(opened(clamd.EVIL)) == Verdict("Evil")


def test_a_daemon_over_tcp_gets_the_bytes(opened):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        daemon = clamd.Fake("")
        thread = threading.Thread(target=clamd._serve, args=(listening, daemon))
        thread.start()
        port = listening.getsockname()[1]
        assert Daemon(f"127.0.0.1:{port}", 5).scan(opened(clamd.EVIL)) == Verdict("Evil")
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    assert daemon.asked == [("zINSTREAM", clamd.EVIL)]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"stream: OK",
        b"stream: no such thing ERROR\0",
        b"OK\0",
        b"stream: OK FOUNDLING\0",
        b"\0",
        b"x" * 9000,
        b"\xff\xfe\0",
    ],
)
def test_anything_but_an_answer_is_no_verdict(scanner, opened, answer):
    scanner.answer = lambda _: answer
    with pytest.raises(Away):
        ask(scanner).scan(opened(b"x"))


@pytest.mark.parametrize(
    "answer",
    [
        b"INSTREAM size limit exceeded. ERROR\0",
        b"fd[10]: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0",
    ],
)
def test_a_limit_of_the_daemons_own_is_no_verdict_either(scanner, opened, answer):
    scanner.answer = lambda _: answer
    with pytest.raises(Exceeded):
        ask(scanner).scan(opened(b"x"))


def test_a_daemon_that_says_nothing_is_not_waited_for_for_ever(scanner, opened):
    release = threading.Event()
    scanner.answer = lambda _: release.wait(10) and b""
    with pytest.raises(Away, match=r"said nothing for 0\.2 s"):
        ask(scanner, 0.2).scan(opened(b"x"))
    release.set()


@pytest.mark.parametrize("address", ["/none/there", "127.0.0.1:1", "127.0.0.1:x", "nonsense"])
def test_a_daemon_that_is_not_there_is_away(address, opened):
    with pytest.raises(Away, match="cannot be reached"):
        Daemon(address, 1).scan(opened(b"x"))


@pytest.mark.skipif(
    not clamd.PROGRAM.exists(), reason="NOT TESTED: clamd is not here (apt-get install clamav-daemon)"
)
def test_the_real_daemon_knows_what_it_was_given_a_signature_of(tmp_path, opened):
    with clamd.real(tmp_path) as path:
        daemon = Daemon(path, 30)
        daemon.ping()
        assert daemon.scan(opened(b"a recording")) == Verdict(None)
        for size in (None, len(clamd.EVIL)):
            found = daemon.scan(opened(clamd.EVIL), size).signature
            assert found is not None
            assert found.startswith("Mem.Test.Evil")
        large = opened(b"\0\1\2\3" * 3_000_000)
        for size in (None, 12_000_000):
            with pytest.raises(Exceeded):
                daemon.scan(large, size)
