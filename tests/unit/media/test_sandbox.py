import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mem import errors
from mem.media import landlock, sandbox, wire
from tests.processes import children, descriptors, left_open

HERE = Path(__file__).parent
LIMITS = sandbox.Limits(memory=2**29, stall_seconds=30, wall_seconds=None)


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))


@pytest.fixture
def video(tmp_path):
    file = tmp_path / "a.mp4"
    file.write_bytes(b"the recording")
    return file


@pytest.fixture(autouse=True)
def nothing_is_left():
    """No test may leave a process or a descriptor behind."""
    files, processes = descriptors(), children()
    yield
    assert not left_open(files)
    assert children() <= processes


def run(operation, video, request=None, *, limits=LIMITS, **more):
    return sandbox.run("sandboxed", operation, video, request or {}, limits=limits, **more)


def all_of(operation, video, request=None, **more):
    with run(operation, video, request, **more) as messages:
        return list(messages)


def printed(caplog) -> str:
    (record,) = [record for record in caplog.records if hasattr(record, "printed")]
    return record.printed


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_within(seconds, pid):
    deadline = time.monotonic() + seconds
    while lives(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not lives(pid)


def test_request_state_and_video_reach_the_child_and_its_answer_comes_back(video):
    answer, end = all_of("echo", video, {"word": "héllo", "list": [1, None]}, state=b"\0\xff" * 10)
    assert (answer.kind, answer.body) == ("echo", b"\0\xff" * 10)
    assert answer.fields["word"] == "héllo"
    assert answer.fields["list"] == [1, None]
    assert answer.fields["video"] == "the recording"
    assert end == wire.Message("end", {"partial": False})


def test_the_child_gets_nothing_of_the_owners_environment(video, monkeypatch):
    monkeypatch.setenv("SECRET", "1")
    answer, _ = all_of("echo", video, environ={"CUDA_VISIBLE_DEVICES": "0"})
    environment = answer.fields["environment"]
    assert "SECRET" not in environment
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert environment["CUDA_VISIBLE_DEVICES"] == "0"
    assert not Path(environment["HOME"]).is_dir()


def test_an_end_is_added_where_the_operation_sends_none(video):
    assert [m.kind for m in all_of("count", video, {"to": 3})] == ["number"] * 3 + ["end"]


def test_a_state_larger_than_any_pipe_goes_there_and_back(video):
    state = os.urandom(9 * 2**20)
    answer, _ = all_of("swallow", video, state=state)
    assert answer.body == state[::-1]


def test_many_messages_arrive_in_order(video):
    numbers = [m.fields["number"] for m in all_of("count", video, {"to": 3000}) if m.kind == "number"]
    assert numbers == list(range(3000))


def test_leaving_early_ends_the_child(video):
    with run("hang", video) as messages:
        pid = next(messages).fields["pid"]
        assert lives(pid)
    assert not lives(pid)


def test_an_error_of_the_caller_ends_the_child(video):
    with contextlib.suppress(KeyError), run("hang", video) as messages:
        pid = next(messages).fields["pid"]
        raise KeyError
    assert not lives(pid)


def test_a_child_that_ignores_the_request_to_end_is_killed(video):
    with run("hang", video, {"stubborn": True}) as messages:
        pid = next(messages).fields["pid"]
        started = time.monotonic()
    assert not lives(pid)
    assert time.monotonic() - started < 10


def test_what_a_child_started_ends_with_it(video):
    with run("family", video, {"die": False}) as messages:
        pid = next(messages).fields["pid"]
    assert gone_within(2, pid)


def test_a_dead_child_is_noticed_though_another_process_holds_its_pipes(video):
    with run("family", video, {"die": True}) as messages:
        pid = next(messages).fields["pid"]
        with pytest.raises(errors.DecoderCrashed):
            next(messages)
    assert gone_within(2, pid)


def test_a_crash_is_named_after_its_signal(video):
    with run("abort", video) as messages:
        assert next(messages).kind == "first"
        with pytest.raises(errors.DecoderCrashed, match="SIGABRT"):
            next(messages)


def test_a_kill_from_outside_counts_as_out_of_memory(video):
    with pytest.raises(errors.DecoderOutOfMemory, match="killed"):
        all_of("killed", video)


@pytest.mark.parametrize("operation", ["bad_alloc", "mkl"])
def test_native_code_that_gets_no_memory_counts_as_out_of_memory(video, operation):
    with pytest.raises(errors.DecoderOutOfMemory):
        all_of(operation, video)


def test_allocating_without_end_meets_the_limit(video):
    with run(
        "allocate", video, limits=sandbox.Limits(memory=2**28, stall_seconds=30, wall_seconds=None)
    ) as m:
        chunks = []
        with pytest.raises(errors.DecoderOutOfMemory) as caught:
            chunks.extend(message.fields["chunks"] for message in m)
    assert 0 < len(chunks) <= 16
    assert "media.child_memory" in caught.value.hint


def test_silence_counts_as_hung(video):
    limits = sandbox.Limits(memory=2**29, stall_seconds=0.4, wall_seconds=None)
    with run("hang", video, limits=limits) as messages:
        next(messages)
        with pytest.raises(errors.DecoderHung, match=r"0\.4 seconds"):
            next(messages)


def test_the_callers_own_pauses_do_not_count_as_silence(video):
    limits = sandbox.Limits(memory=2**29, stall_seconds=1, wall_seconds=None)
    with run("count", video, {"to": 2}, limits=limits) as messages:
        next(messages)
        time.sleep(1.2)
        assert [m.kind for m in messages] == ["number", "end"]


def test_talking_for_ever_meets_the_wall_limit(video):
    limits = sandbox.Limits(memory=2**29, stall_seconds=30, wall_seconds=1)
    with pytest.raises(errors.DecoderHung, match="longer than 1 seconds"):
        all_of("count", video, {"to": 100_000, "pause": 0.01}, limits=limits)


def test_cancelling_stops_a_silent_child_soon(video):
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with run("hang", video, cancelled=stop.is_set) as messages:
        pid = next(messages).fields["pid"]
        started = time.monotonic()
        with pytest.raises(errors.Stopped):
            next(messages)
        assert time.monotonic() - started < 5
    assert not lives(pid)


def test_cancelling_stops_a_child_that_never_pauses(video):
    started = time.monotonic()
    with pytest.raises(errors.Stopped):
        all_of("count", video, {"to": 10**9}, cancelled=lambda: time.monotonic() - started > 1)


def test_an_error_of_cancelled_itself_passes_through(video):
    def lost():
        raise errors.StaleFence

    with pytest.raises(errors.StaleFence):
        all_of("hang", video, cancelled=lost)


def test_an_error_told_by_code_is_raised_as_its_class(video):
    with pytest.raises(errors.CutOff) as caught:
        all_of("raise_it", video, {"error": "cut_off"})
    assert (caught.value.detail, caught.value.hint) == ("It ends at 3 of 5 seconds.", "Repair it.")
    with pytest.raises(errors.NaiveTime) as caught:
        all_of("raise_it", video, {"error": "naive_time"})
    assert caught.value.hint == errors.NaiveTime.hint


@pytest.mark.parametrize("fields", [{"code": "unheard_of", "detail": "x"}, {}, {"code": ["a"], "detail": 3}])
def test_an_unknown_code_is_a_media_error(video, fields):
    with pytest.raises(errors.MediaError) as caught:
        all_of("report", video, fields)
    assert type(caught.value) is errors.MediaError


def test_an_unexpected_error_says_its_last_line_and_logs_the_rest(video, caplog):
    with pytest.raises(errors.DecoderCrashed, match="ZeroDivisionError: seven by zero"):
        all_of("stumble", video)
    assert "Traceback" in printed(caplog)


def test_leaving_without_a_word_counts_as_crashed(video):
    with pytest.raises(errors.DecoderCrashed, match="without finishing"):
        all_of("leave", video)


def test_a_module_that_does_not_exist_counts_as_crashed(video):
    with (
        pytest.raises(errors.DecoderCrashed, match="No module named"),
        sandbox.run("no.such.module", "x", video, {}, limits=LIMITS) as messages,
    ):
        next(messages)


def test_only_the_end_of_what_a_child_prints_is_kept(video, caplog):
    with pytest.raises(errors.DecoderCrashed, match="the last word"):
        all_of("chatter", video)
    assert len(printed(caplog)) <= 8 * 1024


@pytest.mark.parametrize(
    "data",
    [
        b"GARBAGE that is no message at all",
        struct.pack(">I", 2**31) + b"x" * 100,
        wire.pack("frame", {}).replace(b'"body":0', b'"body":999999999999'),
    ],
    ids=["garbage", "large header", "large body"],
)
def test_what_is_no_message_ends_the_child(video, data):
    started = time.monotonic()
    with pytest.raises(errors.DecoderCrashed, match=r"header|message"):
        all_of("raw", video, state=data)
    assert time.monotonic() - started < 20


def test_a_child_can_neither_write_files_nor_connect_nor_act_as_root(video, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        request = {"folder": str(tmp_path), "port": server.getsockname()[1]}
        answer, _ = all_of("escape", video, request)
    assert answer.fields["write"] in ("File too large", "Permission denied")
    written = tmp_path / "written"
    assert not written.exists() or written.stat().st_size == 0
    if sandbox.strength()["no_network"]:
        assert "connect" in answer.fields
    to_read = 1 << 2
    assert int(answer.fields["capabilities"], 16) & ~to_read == 0


def test_a_child_opens_no_file_of_the_owner_and_no_socket(video, tmp_path):
    held = sandbox.strength()
    if not (held["no_other_files"] and held["few_system_calls"]):
        pytest.skip("this kernel has no Landlock or no seccomp")
    secret = tmp_path / "secret"
    secret.write_text("of the owner")
    link = tmp_path / "link"
    link.symlink_to(secret)
    inside = "/proc/self/fd/0", "/proc/self/cwd/etc/passwd", f"/proc/{os.getpid()}/environ", "/etc/passwd"
    paths = [str(secret), str(link), str(video), str(tmp_path), "/tmp", "/root", "/dev/mem", *inside]
    answer, _ = all_of("reach", video, {"paths": paths})
    parents = ["parent"] if landlock.version() < 6 else []
    assert answer.fields["reached"] == parents


def test_a_child_reads_what_it_is_given_beside_the_recording(video, tmp_path):
    model, hidden = tmp_path / "model", tmp_path / "blob"
    model.mkdir()
    hidden.write_text("weights")
    (model / "model.bin").symlink_to(hidden)
    answer, _ = all_of("reach", video, {"paths": [str(model / "model.bin")]}, reads=[model])
    assert answer.fields["reached"][:1] == [str(model / "model.bin")]


def test_what_a_child_starts_is_held_as_it_is(video, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("of the owner")
    answer, _ = all_of("shell", video, {"command": f"cat {secret}"})
    held = sandbox.strength()["no_other_files"]
    assert answer.fields["printed"] == ("" if held else "of the owner")


def test_strength_says_what_is_in_force():
    found = sandbox.strength()
    assert found["memory_limit"]
    assert found["no_file_writes"]
    assert found["dies_with_parent"] == (sys.platform == "linux")


def test_a_missing_file_is_not_found(tmp_path):
    for path in (tmp_path / "none.mp4", tmp_path / "none" / "a.mp4", Path("a\0b")):
        with pytest.raises(errors.NotFound), run("echo", path):
            pass


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "e.mp4").touch()
    with pytest.raises(errors.EmptyFile), run("echo", tmp_path / "e.mp4"):
        pass


def test_what_is_not_a_file_is_refused_without_blocking(tmp_path):
    os.mkfifo(tmp_path / "p.mp4")
    for path in (tmp_path / "p.mp4", tmp_path, Path("/dev/null")):
        with pytest.raises(errors.Unreadable), run("echo", path):
            pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_the_right_to_read_is_unreadable(video):
    video.chmod(0)
    with pytest.raises(errors.Unreadable), run("echo", video):
        pass


def test_a_child_dies_with_a_parent_that_is_killed(video):
    program = (
        "import sys; from pathlib import Path; from mem.media import sandbox\n"
        f"limits = sandbox.Limits(memory=2**29, stall_seconds=60, wall_seconds=None)\n"
        f"with sandbox.run('sandboxed', 'hang', Path({str(video)!r}), {{}}, limits=limits) as messages:\n"
        "    for message in messages: print(message.fields['pid'], flush=True)\n"
    )
    path = os.pathsep.join(p for p in sys.path if p)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": path}
    ) as parent:
        pid = int(parent.stdout.readline())
        assert lives(pid)
        parent.send_signal(signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        assert gone_within(2, pid)


def test_two_threads_run_children_side_by_side(video):
    found = {}

    def work(number):
        found[number] = all_of("swallow", video, state=bytes([number]) * 500_000)[0].body

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: bytes([n]) * 500_000 for n in range(4)}
