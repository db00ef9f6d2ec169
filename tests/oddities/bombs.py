"""Files whose numbers promise far more than they hold: sizes, counts, depths, references in circles."""

import bz2
import io
import struct
import zipfile
import zlib
from pathlib import Path

from tests import videos
from tests.oddities.card import Frozen, box, oddity, plain

_MOST = 0xFFFFFFFF
_FTYP = box(b"ftyp", b"isom", bytes(4), b"isommp42")


def _ebml(name: str, *parts: bytes, size: int | None = None) -> bytes:
    """An element of Matroska, with its size in eight bytes; `size`: what it says instead of the truth."""
    content = b"".join(parts)
    length = len(content) if size is None else size
    return bytes.fromhex(name) + (length | 1 << 56).to_bytes(8, "big") + content


_MKV = _ebml("1A45DFA3", _ebml("4282", b"matroska"))


def _track(*more: bytes) -> bytes:
    picture = _ebml("E0", _ebml("B0", struct.pack(">H", 160)), _ebml("BA", struct.pack(">H", 120)))
    facts = _ebml("D7", b"\1"), _ebml("73C5", b"\1"), _ebml("83", b"\1"), _ebml("86", b"V_MJPEG")
    return _ebml("1654AE6B", _ebml("AE", *facts, picture, *more))


def _cluster(data: bytes) -> bytes:
    return _ebml("1F43B675", _ebml("E7", b"\0"), _ebml("A3", b"\x81\0\0\x80" + data))


@oddity("endless_elements.mkv")
def endless_elements(path: Path) -> None:
    """Elements within each other that all say they are 64 petabytes long."""
    inner = b"".join(_ebml(name, size=2**56 - 2) for name in ("1254C367", "7373", "67C8", "45A3"))
    path.write_bytes(_MKV + _ebml("18538067", _track(), _cluster(bytes(99)), inner, size=2**56 - 2))


@oddity("tags_in_tags.mkv")
def tags_in_tags(path: Path) -> None:
    """Tags 20,000 deep."""
    tags = b""
    for _ in range(20_000):
        tags = bytes.fromhex("67C8") + (len(tags) | 1 << 28).to_bytes(4, "big") + tags
    path.write_bytes(
        _MKV + _ebml("18538067", _track(), _ebml("1254C367", _ebml("7373", tags)), _cluster(bytes(99)))
    )


@oddity("index_of_itself.mkv")
def index_of_itself(path: Path) -> None:
    """An index of indexes that leads to itself, 10,000 times."""
    seek = _ebml("4DBB", _ebml("53AB", bytes.fromhex("114D9B74")), _ebml("53AC", b"\0"))
    path.write_bytes(
        _MKV + _ebml("18538067", _ebml("114D9B74", seek * 10_000), _track(), _cluster(bytes(99)))
    )


@oddity("fonts.webm")
def fonts(path: Path) -> None:
    """A good recording with attachments that call themselves fonts by paths, one said to take a terabyte."""
    kept = plain(path, ".webm", codec="libvpx", options=Frozen({"deadline": "realtime"}))
    name, kind = _ebml("466E", b"/etc/passwd"), _ebml("4660", b"application/x-truetype-font")
    file = _ebml("61A7", name, kind, _ebml("46AE", b"\1"), _ebml("465C", b"OTTO", size=2**40))
    path.write_bytes(bytes(kept) + _ebml("1941A469", file, size=2**41))


@oddity("zlib_bomb.mkv", "bzip2_bomb.mkv")
def compressed_block(path: Path) -> None:
    """A picture that unpacks to 128 MB of zeros."""
    way, pack = (
        (b"\0", zlib.compressobj(9)) if path.name.startswith("zlib") else (b"\1", bz2.BZ2Compressor(9))
    )
    packed = b"".join(pack.compress(bytes(2**22)) for _ in range(32)) + pack.flush()
    how = _ebml("5034", _ebml("4254", way), _ebml("4255", b""))
    coding = _ebml(
        "6D80", _ebml("6240", _ebml("5031", b"\0"), _ebml("5032", b"\1"), _ebml("5033", b"\0"), how)
    )
    path.write_bytes(_MKV + _ebml("18538067", _track(coding), _cluster(packed)))


@oddity("index_bomb.mov", "index_in_index.mov")
def compressed_index(path: Path) -> None:
    """An index that unpacks to 128 MB of zeros, or to itself once more."""
    if path.name == "index_bomb.mov":
        pack = zlib.compressobj(9)
        packed, size = b"".join(pack.compress(bytes(2**22)) for _ in range(32)) + pack.flush(), 2**27
    else:
        inner = box(b"moov", box(b"cmov", bytes(64)))
        for _ in range(200):
            inner = box(b"moov", _packed(zlib.compress(inner), len(inner)))
        packed, size = zlib.compress(inner), len(inner)
    path.write_bytes(box(b"ftyp", b"qt  ", bytes(4)) + box(b"moov", _packed(packed, size)))


def _packed(content: bytes, size: int) -> bytes:
    return box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", struct.pack(">I", size), content))


def _patched(path: Path, name: bytes, values: bytes, at: int = 12) -> None:
    """A good recording, some bytes of each box of that name behind its head being others."""
    content, found = plain(path, ".mp4"), 0
    while (found := content.find(name, found)) >= 0:
        content[found + at - 4 : found + at - 4 + len(values)] = values
        found += 4
    path.write_bytes(content)


@oddity("chunks_far_away.mp4")
def chunks_far_away(path: Path) -> None:
    """Pictures that lie at the end of 4 GB."""
    _patched(path, b"stco", struct.pack(">II", 2, 0xFFFFFFF0), 12)


@oddity("offsets_beyond.mp4")
def offsets_beyond(path: Path) -> None:
    """Offsets of 64 bits, all of them beyond what there can be."""
    content = plain(path, ".mp4")
    content[:] = content.replace(b"stco", b"co64")
    path.write_bytes(content)


@oddity("many_in_a_chunk.mp4")
def many_in_a_chunk(path: Path) -> None:
    """Chunks of four billion pictures."""
    _patched(path, b"stsc", struct.pack(">IIII", 1, 1, _MOST, 1))


@oddity("many_chunk_entries.mp4")
def many_chunk_entries(path: Path) -> None:
    _patched(path, b"stsc", struct.pack(">I", 2**28))


@oddity("pictures_of_one_size.mp4")
def pictures_of_one_size(path: Path) -> None:
    """Four billion pictures of 4 GB each, in one entry."""
    _patched(path, b"stsz", struct.pack(">II", _MOST, _MOST))


@oddity("pictures_at_once.mp4")
def pictures_at_once(path: Path) -> None:
    """Four billion pictures at one instant."""
    _patched(path, b"stts", struct.pack(">III", 1, _MOST, 0))


@oddity("edits_without_end.mp4")
def edits_without_end(path: Path) -> None:
    """An edit list whose entry lasts for ever and begins before all."""
    _patched(path, b"elst", struct.pack(">IIi", 1, _MOST, -(2**31)))


@oddity("edits_by_the_million.mp4")
def edits_by_the_million(path: Path) -> None:
    _patched(path, b"elst", struct.pack(">I", 2**31 - 1))


@oddity("segments_of_itself.mp4")
def segments_of_itself(path: Path) -> None:
    """An index of 65,535 further indexes, each of which is this one."""
    entry = struct.pack(">III", 1 << 31, _MOST, 0)
    index = box(b"sidx", bytes(4), struct.pack(">IIIIHH", 1, 1000, 0, 0, 0, 65_535), entry * 65_535)
    content = bytes(plain(path, ".mp4"))
    end = struct.unpack(">I", content[:4])[0]
    path.write_bytes(content[:end] + index + content[end:])


@oddity("run_of_billions.mp4")
def run_of_billions(path: Path) -> None:
    """A fragment with a run of four billion pictures of no bytes."""
    content = bytes(plain(path, ".mp4"))
    header = box(b"tfhd", struct.pack(">II", 0, 1))
    run = box(b"trun", struct.pack(">III", 0x1, _MOST, 0), bytes(64))
    path.write_bytes(content + box(b"moof", box(b"mfhd", bytes(8)), box(b"traf", header, run)))


@oddity("thousand_tracks.mp4")
def thousand_tracks(path: Path) -> None:
    """The track of a good recording a thousand times."""
    content = bytes(plain(path, ".mp4"))
    at = content.index(b"moov") - 4
    size = struct.unpack(">I", content[at : at + 4])[0]
    moov = content[at + 8 : at + size]
    first = moov.index(b"trak") - 4
    track = moov[first : first + struct.unpack(">I", moov[first : first + 4])[0]]
    path.write_bytes(content[:at] + box(b"moov", moov, track * 1000) + content[at + size :])


@oddity("http_reference.mov")
def http_reference(path: Path) -> None:
    """A movie that only names one in the network."""
    target = b"http://127.0.0.1:9/a.mov\0"
    rdrf = box(b"rdrf", bytes(4), b"url ", struct.pack(">I", len(target)), target)
    path.write_bytes(box(b"ftyp", b"qt  ", bytes(4)) + box(b"moov", box(b"rmra", box(b"rmda", rdrf) * 1000)))


@oddity("three_in_one.mp4")
def three_in_one(path: Path) -> None:
    """A good recording that a browser may take for a picture with a script, a document, or an archive."""
    script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>fetch('//127.0.0.1:9')</script></svg>"
    content, archive = bytes(plain(path, ".mp4")), io.BytesIO()
    end = struct.unpack(">I", content[:4])[0]
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("../../outside", "x")
    path.write_bytes(content + box(b"free", b"%PDF-1.7\n", script) + archive.getvalue())
    assert end < len(content)


@oddity("eight_thousand_streams.ts")
def eight_thousand_streams(path: Path) -> None:
    """A broadcast of 250 programs with 32 pictures each."""
    packets = b"".join(
        _table(0x20 + n, 2, struct.pack(">HBBHH", n + 1, 0xC1, 0, 0xE000 | 0x1F0, 0xF000) + _entries(n))
        for n in range(250)
    )
    programs = b"".join(struct.pack(">HH", n + 1, 0xE000 | (0x20 + n)) for n in range(40))
    listed = _table(0, 0, struct.pack(">HBBB", 1, 0xC1, 0, 0) + programs)
    path.write_bytes((listed + packets) * 4 + bytes(plain(path, ".ts")))


def _entries(number: int) -> bytes:
    return b"".join(
        struct.pack(">BHH", 0x1B, 0xE000 | (0x200 + 32 * number + n) % 0x1FFF, 0xF000) for n in range(30)
    )


def _table(pid: int, kind: int, content: bytes) -> bytes:
    """A packet of MPEG-TS with a table; its sum is right."""
    body = struct.pack(">BH", kind, 0xB000 | (len(content) + 4)) + content
    total = _MOST
    for byte in body:
        for bit in range(7, -1, -1):
            turn = (total >> 31) ^ (byte >> bit & 1)
            total = (total << 1 & _MOST) ^ (0x04C11DB7 if turn else 0)
    packet = struct.pack(">BHBB", 0x47, 0x4000 | pid, 0x10, 0) + body + struct.pack(">I", total)
    return packet.ljust(188, b"\xff")


@oddity("thousand_streams.ogg")
def thousand_streams(path: Path) -> None:
    """A thousand streams that all begin at once, each with a head of Vorbis."""
    head = b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, 255, 4_000_000_000, -1, -1, -1, 0xFF, 1)
    path.write_bytes(b"".join(_page(number, head) for number in range(1000)))


def _page(serial: int, content: bytes) -> bytes:
    made = bytearray(struct.pack("<4sBBqIIIBB", b"OggS", 0, 2, 0, serial, 0, 0, 1, len(content)) + content)
    total = 0
    for byte in made:
        total ^= byte << 24
        for _ in range(8):
            total = (total << 1 ^ (0x04C11DB7 if total >> 31 else 0)) & _MOST
    made[22:26] = struct.pack("<I", total)
    return bytes(made)


@oddity("lists_in_lists.avi")
def lists_in_lists(path: Path) -> None:
    """Lists 50,000 deep, each of which says that it is 4 GB long."""
    path.write_bytes(
        b"RIFF" + struct.pack("<I", _MOST) + b"AVI " + (b"LIST" + struct.pack("<I", _MOST) + b"hdrl") * 50_000
    )


@oddity("index_of_itself.avi")
def index_of_avi(path: Path) -> None:
    """A good recording with an index of four billion entries behind it."""
    content = bytes(plain(path, ".avi", codec="mpeg4"))
    at = content.index(b"idx1")
    path.write_bytes(content[: at + 4] + struct.pack("<I", _MOST) + content[at + 8 :])


@oddity("picture_of_4_gb.flac")
def picture_of_4_gb(path: Path) -> None:
    """A cover that says it is 4 GB long, in a block of 16 MB, in a file of 100 bytes."""
    cover = struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">IIIIII", 0, 65_535, 65_535, 32, 0, _MOST)
    info = (
        struct.pack(">HH", 4096, 4096)
        + bytes(6)
        + (44_100 << 44 | 1 << 41 | 15 << 36).to_bytes(8, "big")
        + bytes(16)
    )
    path.write_bytes(b"fLaC\0\0\0\x22" + info + b"\x86\xff\xff\xff" + cover)


@oddity("tags_of_256_mb.mp3")
def tags_of_256_mb(path: Path) -> None:
    """Tags that say they take 256 MB, and that each byte of them is to be put right."""
    frame = b"APIC" + b"\x7f\x7f\x7f\x7f" + b"\0\x03" + b"\0image/png\0\3\0"
    path.write_bytes(b"ID3\4\0\x80\x7f\x7f\x7f\x7f" + frame * 2000 + (b"\xff\xfb\x90\0" + bytes(413)) * 100)


@oddity("far_too_large.gif.mp4", "far_too_large.webp.mp4")
def pictures(path: Path) -> None:
    """Pictures of 65,535 x 65,535 that are no recordings."""
    gif = b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0xF7, 0, 0) + bytes(768) + b";"
    webp = b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + b"\xff" * 6
    path.write_bytes(gif if ".gif" in path.name else webp)


@oddity("grid.avif.mp4")
def grid(path: Path) -> None:
    """A still picture put together of 65,536 tiles, each of them itself."""
    items = b"".join(
        box(b"infe", struct.pack(">IHH4s", 2 << 24, n, 0, b"grid"), b"\0") for n in range(1, 2000)
    )
    places = b"".join(struct.pack(">HHHII", n, 0, 1, 0, _MOST) for n in range(1, 2000))
    refs = box(b"dimg", struct.pack(">HH", 1, 1999), *(struct.pack(">H", n) for n in range(1, 2000)))
    meta = box(
        b"meta", bytes(4), box(b"hdlr", bytes(8), b"pict", bytes(13)), box(b"pitm", bytes(4), b"\0\1"),
        box(b"iloc", struct.pack(">IBBH", 0, 0x44, 0, 1999), places),
        box(b"iinf", struct.pack(">IH", 0, 1999), items), box(b"iref", bytes(4), refs),
        box(b"iprp", box(b"ipco", box(b"ispe", struct.pack(">III", 0, _MOST, _MOST)))),
    )  # fmt: skip
    path.write_bytes(box(b"ftyp", b"avif", bytes(4), b"avifmif1") + meta + box(b"mdat", bytes(100)))


@oddity("channels_65535.wav")
def channels(path: Path) -> None:
    """Sound of 65,535 channels at four billion samples a second, in blocks of nothing."""
    told = struct.pack("<HHIIHH", 1, 65_535, _MOST, 0, 0, 16)
    path.write_bytes(
        b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<I", 16) + told + b"data\xff\xff\xff\xff" + bytes(9000)
    )


@oddity("objects_in_objects.flv")
def objects_in_objects(path: Path) -> None:
    """A script tag with objects 60,000 deep."""
    script = b"\2\0\x0aonMetaData" + b"\3\0\1a" * 60_000
    tag = b"\x12" + len(script).to_bytes(3, "big") + bytes(7) + script
    path.write_bytes(b"FLV\1\5\0\0\0\x09" + bytes(4) + tag + (len(tag)).to_bytes(4, "big"))


@oddity("heads_without_end.wmv")
def heads_without_end(path: Path) -> None:
    """A head of four billion objects, of which the first is 16 exabytes long."""
    head = bytes.fromhex("3026B2758E66CF11A6D900AA0062CE6C")
    facts = bytes.fromhex("A1DCAB8C47A9CF118EE400C00C205365")
    path.write_bytes(
        head + struct.pack("<QIBB", 2**63 - 1, _MOST, 1, 2) + facts + struct.pack("<Q", 2**63 - 1) + bytes(90)
    )


@oddity("text_bomb.mov")
def text_bomb(path: Path) -> None:
    """PNG pictures with a text that unpacks to 128 MB."""
    shape = videos.Shape(codec="png", pixels="rgb24")
    content = videos.write(path, [(0, videos.flat((9, 9, 9), 160, 120))], shape).read_bytes()
    pack = zlib.compressobj(9)
    text = b"a\0\0" + b"".join(pack.compress(bytes(2**22)) for _ in range(32)) + pack.flush()
    at = content.index(b"\x89PNG")
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    path.write_bytes(content[: at + 33] + chunk + content[at + 33 :])
    _lengthen(path, len(chunk))


def _lengthen(path: Path, more: int) -> None:
    """Let the only picture of a movie be so many bytes longer, in its index too."""
    content = bytearray(path.read_bytes())
    at = content.index(b"mdat") - 4
    content[at : at + 4] = struct.pack(">I", struct.unpack(">I", content[at : at + 4])[0] + more)
    sizes = content.index(b"stsz") + 8
    (size,) = struct.unpack(">I", content[sizes : sizes + 4])
    content[sizes : sizes + 4] = struct.pack(">I", size + more)
    path.write_bytes(content)


@oddity("wide_motion.avi")
def wide_motion(path: Path) -> None:
    """JPEG pictures whose own heads state 65,500 x 65,500."""
    content = bytearray(plain(path, ".avi", codec="mjpeg", pixels="yuvj420p"))
    at = 0
    while (at := content.find(b"\xff\xc0\0\x11\x08", at)) >= 0:
        content[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
        at += 9
    path.write_bytes(content)


@oddity("sixty_four_layers.ts")
def sixty_four_layers(path: Path) -> None:
    """HEVC whose head states 64 layers, with a table of sets for each."""
    content = plain(
        path, ".ts", codec="libx265", options=Frozen({"x265-params": "log-level=none", "preset": "ultrafast"})
    )
    at = 0
    while (at := content.find(b"\0\0\1\x40\1", at)) >= 0:
        content[at + 5 : at + 7] = b"\x0f\xff"
        at += 7
    path.write_bytes(content)
