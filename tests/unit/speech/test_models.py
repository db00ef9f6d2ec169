import hashlib
import http.server
import json
import os
import shutil
import socket
import threading
import time

import pytest

from mem.errors import BadConfig, ModelMissing
from mem.speech import catalogue, hub, models

FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A models folder, with an empty hub cache beside it."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return tmp_path / "models"


def fill(folder, files=FILES):
    folder.mkdir(parents=True)
    for name in files:
        (folder / name).write_text("{}")
    return folder


def unreachable():
    return False


@pytest.fixture
def black_hole():
    """An address that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


class _Hub(http.server.BaseHTTPRequestHandler):
    """As much of the hub as a download needs."""

    weights_sum = hashlib.sha256(b"some content of model.bin").hexdigest()

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, *, body):
        content = b"some content of " + self.path.rsplit("/", 1)[-1].encode()
        if "/tree/" in self.path:
            entries = [(name, len(b"some content of " + name.encode())) for name in (*FILES, "README.md")]
            listed = [{"type": "file", "path": name, "size": size, "oid": name} for name, size in entries]
            content = json.dumps(listed).encode()
        elif self.path.startswith("/api/models/"):
            listed = [{"rfilename": name} for name in (*FILES, "README.md")]
            weights = next(each for each in listed if each["rfilename"] == "model.bin")
            weights["lfs"] = {"sha256": self.weights_sum, "size": 25, "pointerSize": 134}
            model = {"id": "m", "sha": "a" * 40, "siblings": listed, "private": False, "tags": []}
            content = json.dumps({**model, "downloads": 0, "likes": 0}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "application/json")
        self.send_header("ETag", '"' + self.path.rsplit("/", 1)[-1] + '"')
        self.send_header("X-Repo-Commit", "a" * 40)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture
def small_hub():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_auto_without_a_network_is_the_packaged_model_and_says_so(folder):
    choice = models.resolve("auto", models_dir=folder, reach=unreachable)
    assert (choice.name, choice.origin) == ("tiny.en", "packaged")
    assert "English only" in choice.note
    assert "cannot be reached" in choice.note
    assert choice.english_only
    assert not models.missing(choice.path)


def test_auto_takes_a_model_that_is_there_without_asking_anyone(folder):
    fill(folder / "base")
    choice = models.resolve("auto", models_dir=folder, reach=lambda: pytest.fail("asked"))
    assert (choice.name, choice.origin, choice.path) == ("base", "models", folder / "base")


def test_auto_fetches_base_from_a_hub_that_answers(folder, small_hub):
    sizes = []
    choice = models.resolve("auto", models_dir=folder, endpoint=small_hub, progress=sizes.append)
    assert (choice.name, choice.origin) == ("base", "downloaded")
    assert sorted(file.name for file in choice.path.iterdir()) == sorted(FILES)
    assert sizes
    again = models.resolve("auto", models_dir=folder, reach=unreachable)
    assert (again.name, again.origin) == ("base", "models")


def test_a_model_in_the_hubs_own_cache_is_used(folder, tmp_path):
    cache = tmp_path / "cache" / "models--Systran--faster-whisper-small"
    fill(cache / "snapshots" / "abc")
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("abc")
    choice = models.resolve("small", models_dir=folder, reach=unreachable)
    assert (choice.origin, choice.path) == ("cache", cache / "snapshots" / "abc")


def test_a_hub_that_never_answers_costs_five_seconds_once(folder, black_hole):
    began = time.monotonic()
    choice = models.resolve("auto", models_dir=folder, endpoint=black_hole)
    assert time.monotonic() - began < 6
    assert choice.origin == "packaged"
    began = time.monotonic()
    assert "a short while ago" in models.resolve("auto", models_dir=folder, endpoint=black_hole).note
    assert time.monotonic() - began < 0.5


def test_a_hub_is_asked_again_after_a_while(folder):
    models.resolve("auto", models_dir=folder, reach=unreachable)
    earlier = time.time() - 3_600
    os.utime(folder / ".hub-unreachable", (earlier, earlier))
    asked = []
    models.resolve("auto", models_dir=folder, reach=lambda: bool(asked.append(1)))
    assert asked


def test_a_download_that_stalls_is_given_up(folder, black_hole):
    with pytest.raises(hub.Unreachable, match="nothing came"):
        hub.download("Systran/faster-whisper-base", folder / "base", endpoint=black_hole, stall_seconds=1.0)


def test_a_refused_connection_is_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert hub.answers(endpoint=address) is False


def test_a_named_model_that_cannot_be_had_says_what_to_do(folder):
    with pytest.raises(ModelMissing, match=r"small \(484 MB\)") as raised:
        models.resolve("small", models_dir=folder, reach=unreachable)
    assert str(folder / "small") in raised.value.hint


def test_a_named_tiny_en_needs_no_network(folder):
    choice = models.resolve("tiny.en", models_dir=folder, reach=lambda: pytest.fail("asked"))
    assert choice.origin == "packaged"


def test_a_folder_is_taken_as_it_is(folder):
    mine = fill(folder / "my-model")
    choice = models.resolve(str(mine), models_dir=folder, reach=unreachable)
    assert (choice.name, choice.origin, choice.path) == ("my-model", "folder", mine)


def test_a_folder_without_weights_names_what_it_lacks(folder):
    mine = fill(folder / "my-model", ("config.json",))
    with pytest.raises(ModelMissing, match=r"model\.bin.*tokenizer\.json.*vocabulary"):
        models.resolve(str(mine), models_dir=folder, reach=unreachable)


def test_an_unknown_name_is_refused_with_the_nearest(folder):
    with pytest.raises(BadConfig, match="'small'"):
        models.resolve("smal", models_dir=folder, reach=unreachable)


def test_packaged_weights_are_hashed_once(folder, tmp_path, tiny):
    record = tmp_path / "checked.json"
    assert models._is_intact(tiny / "model.bin", record)
    began = time.process_time()
    assert models._is_intact(tiny / "model.bin", record)
    assert time.process_time() - began < 0.01


def test_changed_weights_are_not_used(tmp_path, tiny):
    shutil.copy(tiny / "config.json", tmp_path / "model.bin")
    assert not models._is_intact(tmp_path / "model.bin", tmp_path / "checked.json")
    assert not (tmp_path / "checked.json").exists()


def test_a_device_that_is_not_there_is_refused_and_never_replaced():
    import ctranslate2

    if ctranslate2.get_cuda_device_count():
        pytest.skip("this machine has a CUDA device")
    assert models.device("auto") == models.device("cpu") == "cpu"
    with pytest.raises(BadConfig, match="CUDA"):
        models.device("cuda")


def test_a_model_is_pulled_and_checked(folder, small_hub):
    told = []
    pulled = catalogue.pull("base", models_dir=folder, endpoint=small_hub, tell=lambda *it: told.append(it))
    content = (folder / "base" / "model.bin").read_bytes()
    assert pulled.sha256 == hashlib.sha256(content).hexdigest()
    assert pulled.checked
    assert told[-1] == (0.97, "checking it")
    assert models.present("base", models_dir=folder).origin == "models"


def test_what_is_not_what_the_hub_says_is_removed(folder, small_hub, monkeypatch):
    monkeypatch.setattr(_Hub, "weights_sum", "0" * 64)
    with pytest.raises(ModelMissing, match="removed"):
        catalogue.pull("base", models_dir=folder, endpoint=small_hub, tell=lambda *it: None)
    assert not (folder / "base").exists()


def test_a_model_that_cannot_be_pulled_says_why(folder):
    with pytest.raises(ModelMissing, match="hub cannot be reached"):
        catalogue.pull("base", models_dir=folder, endpoint="http://127.0.0.1:1", tell=lambda *it: None)
