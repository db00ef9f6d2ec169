"""A kill at each point between two durable writes changes nothing of what is there in the end."""

import ast
import contextlib
import signal
from pathlib import Path

import pytest

from mem import failpoints
from tests import spoken, videos
from tests.faults import stage
from tests.faults.stage import Play

SRC = Path(failpoints.__file__).parent
CAPTURE = (
    "job.submitted", "job.claimed", "source.added", "source.housed", "capture.begun", "pack.appended",
    "pack.synced", "state.written", "state.named", "stretch.seen", "seen.finished", "capture.settled",
    "capture.copied", "job.ended", "index.committed", "database.changed", "database.committed",
    "schema.prepared", "schema.stepping", "schema.stepped", "server.noted", "index.emptied", "index.filled",
    "copy.written", "copy.named",
)  # fmt: skip
CUTS: dict[str, tuple[str, ...]] = {
    "captured": CAPTURE,
    "parted": ("parts.queued", "job.rests", "part.housed", "part.joined", "pack.synced", "part.joined:2"),
    "heard": ("stretch.heard", "heard.finished"),
    "uploaded": (
        "upload.begun", "upload.written", "upload.synced", "upload.named", "upload.queued", "source.moved",
        "original.dropped",
    ),
    "resumed": (
        "tus.begun", "tus.created", "record.written", "record.named", "tus.synced", "tus.acknowledged",
        "tus.whole", "tus.queued", "tus.known", "tus.ended", "tus.forgotten",
    ),
    "known": ("source.known",),
    "failed": ("job.failed",),
    "stopped": ("job.released",),
    "noted": ("note.written", "note.written:5", "source.edited", "copy.written:5"),
    "deleted": ("delete.noted", "delete.committed", "delete.moved", "delete.removed"),
    "trimmed": ("pack.rewritten", "pack.changed_over"),
    "redacted": ("redact.noted", "redact.committed"),
    "corrected": ("segment.edited",),
    "watched": (
        "watch.queued", "watch.put", "watch.settled", "watch.pointed", "watch.moved", "watch.forgotten",
    ),
    "cleared": ("watch.deleted",),
}  # fmt: skip
AGAIN = "jobs.recovered"  # lies in the start after a cut


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    return make_media(tmp_path_factory.mktemp("media"))


def make_media(folder: Path) -> Path:
    """Twenty seconds of four scenes, the same of five others, one second of one, and two sentences."""
    silent = videos.at_rate([(n * 5000, videos.scene(n, 96, 64)) for n in range(4)], 20, fps=2)
    videos.write(folder / "silent.mp4", silent, videos.Shape(fps=2))
    other = videos.at_rate([(n * 4000, videos.scene(n + 20, 96, 64)) for n in range(5)], 20, fps=2)
    videos.write(folder / "other.mp4", other, videos.Shape(fps=2))
    videos.write(folder / "tiny.mp4", [(0, videos.scene(9, 64, 64))])
    sound, _ = spoken.talk(spoken.SENTENCES[:2], gaps=(9.0,))
    videos.write(folder / "spoken.wav", sound=sound)
    return folder


@pytest.fixture(scope="module")
def playing(tmp_path_factory):
    with stage.opened(tmp_path_factory.mktemp("stage") / "log") as found:
        yield found


@pytest.fixture(scope="module")
def undisturbed(playing, media, tmp_path_factory):
    """What remains of a story that nothing disturbs."""
    found: dict[str, object] = {}

    def remains(story: str) -> object:
        if story not in found:
            play = Play(story=story, data=str(tmp_path_factory.mktemp(story) / "data"), media=str(media))
            playing.whole(play)
            found[story] = playing.remains(play)
        return found[story]

    return remains


def called() -> set[str]:
    """The names that the code passes, from its calls."""
    return {
        ast.literal_eval(node.args[0])
        for file in SRC.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "failpoints.reach"
    }


def test_every_point_is_passed_somewhere_and_cut_in_a_story():
    assert called() == set(failpoints.POINTS)
    cut = {name.partition(":")[0] for points in CUTS.values() for name in points} | {AGAIN}
    assert cut == set(failpoints.POINTS)


@pytest.mark.parametrize(("story", "point"), [(story, p) for story, points in CUTS.items() for p in points])
def test_a_kill_changes_nothing(story, point, playing, media, undisturbed, tmp_path):
    play = Play(story=story, data=str(tmp_path / "data"), media=str(media), trap=f"{point}:kill")
    assert playing.play(play) == -signal.SIGKILL, playing.log.read_text()[-4000:]
    after = Play(story=story, data=play.data, media=play.media)
    playing.whole(after)
    assert playing.remains(after) == undisturbed(story)


def test_a_kill_in_the_start_after_a_kill_changes_nothing(playing, media, undisturbed, tmp_path):
    play = Play(story="captured", data=str(tmp_path / "data"), media=str(media), trap="stretch.seen:kill")
    assert playing.play(play) == -signal.SIGKILL
    again = Play(story="captured", data=play.data, media=play.media, trap=f"{AGAIN}:kill")
    assert playing.play(again) == -signal.SIGKILL
    after = Play(story="captured", data=play.data, media=play.media)
    playing.whole(after)
    assert playing.remains(after) == undisturbed("captured")


@pytest.mark.parametrize("text", ["nowhere:kill", "pack.synced", "pack.synced:2", "pack.synced:x:kill"])
def test_a_trap_that_nobody_could_spring_is_refused(text):
    with pytest.raises(ValueError):
        failpoints.parse(text)


def test_a_trap_that_fails_the_write_does_so_once(monkeypatch):
    monkeypatch.setattr(failpoints, "_trap", failpoints.parse("*:1:enospc"))
    monkeypatch.setattr(failpoints, "_passages", iter(range(1, 9)))
    with pytest.raises(OSError, match="No space left"):
        failpoints.reach("pack.synced")
    with contextlib.nullcontext():
        failpoints.reach("pack.synced")
