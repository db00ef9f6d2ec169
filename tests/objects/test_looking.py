"""What is said about a bucket, and what is never said; where the database may lie."""

import pytest

from mem import config as mem_config
from mem import memory as opening
from mem import redact
from mem.cli import doctor
from mem.errors import BadConfig, StorageFailed
from mem.objects import pointer
from mem.ops import health, offload
from tests import stocked
from tests.objects.weed import SECRET


def test_doctor_writes_reads_and_removes_something(config, proxy):
    found = list(doctor._buckets(config))
    assert [one.state for one in found] == ["good", "good"]
    assert {method for method, _, _ in proxy.asked} >= {"PUT", "GET"}
    remote = opening.remote(config, config.data_dir)
    prefix = config.storage.frames.removeprefix("s3://mem-tests/")
    assert not list(remote.bucket("mem-tests").listed(prefix))


def test_doctor_says_that_the_key_is_wrong(settings):
    config = mem_config.load(settings | {"storage.s3.secret_access_key": "another"}, environ={})
    (first, _) = doctor._buckets(config)
    assert first.state == "broken"
    assert "storage.s3" in first.fix


def test_the_key_is_in_no_error_and_no_picture_of_the_settings(settings, memory, proxy):
    source = stocked.source(memory)
    proxy.errors = 1.0
    with pytest.raises(StorageFailed) as failed:
        offload.source(memory, source.id)
    shown = [repr(memory), str(redact.tree(memory.config.model_dump())), str(failed.value), failed.value.hint]
    assert not [text for text in shown if SECRET in text]


def test_status_says_what_waits_for_the_bucket(memory, proxy):
    source = stocked.source(memory)
    proxy.errors = 1.0
    memory.remote.waiting.add(source.id)
    assert offload._try(memory, lambda: offload.source(memory, source.id)) == "away"
    reasons = health.status(memory, 0.0).reasons
    assert any(one.startswith("storage: files of 1 recordings wait here") for one in reasons)


@pytest.mark.parametrize("half", ["access_key_id", "secret_access_key"])
def test_half_a_key_is_refused(half):
    with pytest.raises(BadConfig, match="belong together"):
        mem_config.load({f"storage.s3.{half}": "x"}, environ={})


@pytest.mark.parametrize("place", ["/data/frames", "s3://", "s3://Bucket/x", "http://bucket/x"])
def test_what_is_no_bucket_is_refused(place):
    with pytest.raises(BadConfig):
        mem_config.load({"storage.frames": place}, environ={})


def test_a_duckdb_file_on_a_disk_of_another_machine_is_refused_with_the_way_out(tmp_path):
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "mounts").write_text(f"disk / ext4 rw 0 0\nhost:/x {tmp_path}/shared nfs4 rw 0 0\n")
    with pytest.raises(BadConfig, match="nfs4") as refused:
        opening.check_place(tmp_path / "shared" / "data", None, tmp_path)
    assert "database.url" in refused.value.hint
    opening.check_place(tmp_path / "shared" / "data", "postgresql://x", tmp_path)
    opening.check_place(tmp_path / "own", None, tmp_path)


def test_a_pointer_that_was_spoilt_leads_nowhere(tmp_path):
    file = tmp_path / "frames-000001.tar"
    for text in ("", "{}", '{"url": 1}', "[]", "\0"):
        pointer.place(file).write_text(text)
        assert pointer.read(file) is None
