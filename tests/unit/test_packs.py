import os
import stat
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mem import packs
from mem.errors import Locked, NotFound

NAME = "frames-000001.tar"


def _members(file) -> dict[str, bytes]:
    with tarfile.open(file) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}


def test_what_was_appended_is_read_by_offset_and_by_any_tar_program(tmp_path):
    with packs.open_pack(tmp_path, NAME, 0) as pack:
        first = pack.append("000000000.webp", b"a" * 700)
        second = pack.append("000005000.webp", b"bc")
        length = pack.sync()
    assert packs.read(tmp_path, NAME, first, 700) == b"a" * 700
    assert packs.read(tmp_path, NAME, second, 2) == b"bc"
    assert length % 512 == 0
    assert _members(tmp_path / NAME) == {"000000000.webp": b"a" * 700, "000005000.webp": b"bc"}


def test_the_pack_is_a_whole_tar_after_every_sync(tmp_path):
    with packs.open_pack(tmp_path, NAME, 0) as pack:
        for number in range(3):
            pack.append(f"{number}.webp", bytes([number]) * 600)
            length = pack.sync()
            assert len(_members(tmp_path / NAME)) == number + 1
            assert (tmp_path / NAME).read_bytes()[length:] == bytes(1024)


def test_what_was_not_committed_is_overwritten(tmp_path):
    with packs.open_pack(tmp_path, NAME, 0) as pack:
        pack.append("kept.webp", b"kept")
        length = pack.sync()
        pack.append("lost.webp", b"x" * 5000)
    with packs.open_pack(tmp_path, NAME, length) as pack:
        assert _members(tmp_path / NAME) == {"kept.webp": b"kept"}
        pack.append("new.webp", b"new")
        pack.sync()
    assert _members(tmp_path / NAME) == {"kept.webp": b"kept", "new.webp": b"new"}


def test_the_same_members_give_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        with packs.open_pack(tmp_path / folder, NAME, 0) as pack:
            pack.append("1.webp", b"1")
            length = pack.sync()
        with packs.open_pack(tmp_path / folder, NAME, length if folder == "b" else 0) as pack:
            if folder == "a":
                pack.append("1.webp", b"1")
            pack.append("2.webp", b"2")
            pack.sync()
    assert (tmp_path / "a" / NAME).read_bytes() == (tmp_path / "b" / NAME).read_bytes()


def test_only_the_owner_can_read_a_pack_and_its_members(tmp_path):
    with packs.open_pack(tmp_path, NAME, 0) as pack:
        pack.append("1.webp", b"1")
        pack.sync()
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    with tarfile.open(tmp_path / NAME) as archive:
        (info,) = archive
    assert (info.mode, info.mtime, info.uid, info.gid, info.uname) == (0o600, 0, 0, 0, "")


def test_a_pack_has_one_writer(tmp_path):
    with packs.open_pack(tmp_path, NAME, 0), pytest.raises(Locked), packs.open_pack(tmp_path, NAME, 0):
        pass
    with packs.open_pack(tmp_path, NAME, 0) as pack:
        assert pack.sync() == 0


def test_bytes_that_are_gone_are_not_found(tmp_path):
    with pytest.raises(NotFound):
        packs.read(tmp_path, NAME, 0, 1)
    (tmp_path / NAME).write_bytes(b"short")
    with pytest.raises(NotFound):
        packs.read(tmp_path, NAME, 0, 100)
    with pytest.raises(NotFound), packs.open_pack(tmp_path, NAME, 512):
        pass
    assert (tmp_path / NAME).read_bytes() == b"short"


@pytest.mark.parametrize("name", ["../secret", "frames-1.tar", "/etc/passwd", "frames-000001.tar/.."])
def test_nothing_but_a_pack_can_be_named(tmp_path, name):
    with pytest.raises(NotFound):
        packs.read(tmp_path, name, 0, 1)
    with pytest.raises(NotFound), packs.open_pack(tmp_path, name, 0):
        pass


def test_a_link_in_the_place_of_a_pack_is_not_followed(tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / NAME).symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic link"):
        packs.read(tmp_path, NAME, 0, 3)
    with pytest.raises(OSError, match="symbolic link"), packs.open_pack(tmp_path, NAME, 0):
        pass
    assert (tmp_path / "secret").read_bytes() == b"secret"


def test_packs_are_numbered(tmp_path):
    assert packs.name(1) == NAME
    with packs.open_pack(tmp_path, packs.name(1_000_000), 0) as pack:
        assert pack.sync() == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=2000), st.booleans()), max_size=8))
def test_however_it_is_cut_the_committed_part_stays_whole(tmp_path_factory, writes):
    """After each sync a writer may die and leave anything behind; the next goes on as if it had not."""
    folder = tmp_path_factory.mktemp("pack")
    length, expected = 0, {}
    for number, (data, dies) in enumerate(writes):
        with packs.open_pack(folder, NAME, length) as pack:
            offset = pack.append(f"{number}.webp", data)
            if dies:
                continue
            length = pack.sync()
            expected[f"{number}.webp"] = data
            assert packs.read(folder, NAME, offset, len(data)) == data
        os.truncate(folder / NAME, length + 700)
    if expected:
        with packs.open_pack(folder, NAME, length) as pack:
            pack.sync()
        assert _members(folder / NAME) == expected
