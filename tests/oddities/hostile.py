"""Files that would have a careless reader open others, ask the network, or run out of memory.

Each that names a file names `CANARY`, a real recording which must never be seen.
"""

import struct
import zlib
from pathlib import Path

from tests import videos
from tests.oddities.card import box, oddity, plain

CANARY = "canary.mp4"

_HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{file}\n#EXT-X-ENDLIST\n"
_TEXTS = {
    "hls.mp4": _HLS,
    "hls_bom.mp4": "\ufeff" + _HLS,
    "hls_blank.ts": "\n\n   " + _HLS,
    "hls_url.mp4": _HLS.replace("{file}", "http://127.0.0.1:9/a.ts"),
    "hls_key.mp4": _HLS.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="{file}"\n#EXTINF'),
    "playlist.pls.mp4": "[playlist]\nFile1={file}\nNumberOfEntries=1\n",
    "concat.mp4": "ffconcat version 1.0\nfile '{file}'\n",
    "concat_bare.mkv": "file '{file}'\nfile '{file}'\n",
    "session.sdp.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nt=0 0\nm=video 9 RTP/AVP 96\n",
    "dash.mpd.mp4": (
        '<?xml version="1.0"?><MPD mediaPresentationDuration="PT9S"><Period><AdaptationSet>'
        '<Representation id="1"><BaseURL>{file}</BaseURL></Representation></AdaptationSet></Period></MPD>'
    ),
    "smil.mp4": '<smil><body><video src="{file}"/></body></smil>',
    "asx.wmv": '<asx version="3.0"><entry><ref href="{file}"/></entry></asx>',
    "rtsp.mov": "rtsp://127.0.0.1:9/stream\n",
    "rtsptext.mov": "RTSPtextrtsp://127.0.0.1:9/stream\n",
    "file_url.mp4": "file:{file}\n",
    "subfile.mp4": "subfile,,start,0,end,0,,:{file}\n",
    "subtitles.srt.mp4": "1\n00:00:00,000 --> 00:00:09,000\n{file}\n",
    "subtitles.ass.mp4": "[Script Info]\nVideo File: {file}\n\n[Events]\nFormat: Start\nDialogue: 0\n",
    "cue.flac": 'FILE "{file}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
    "avisynth.avi": 'AviSource("{file}")\n',
    "vapour.mkv": 'import vapoursynth\nvideo = core.ffms2.Source("{file}")\nvideo.set_output()\n',
    "lavfi.mp4": "movie={file}[out0]\n",
    "image2.mp4": "/tmp/%03d.png\n",
    "page.html.mp4": "<!doctype html><video src='{file}'></video>",
    "shell.mp4": "#!/bin/sh\ncat {file}\n",
    "hls_map.mp4": _HLS.replace("#EXTINF", '#EXT-X-MAP:URI="{file}"\n#EXTINF'),
    "hls_master.m4v": '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="{file}"\n{file}\n',
    "hls_lower.mp4": "#extm3u\n{file}\n",
    "m3u_plain.mp4": "{file}\n",
    "concat_url.mp4": "concat:{file}|{file}\n",
    "crypto_url.mp4": "crypto+file:{file}\n",
    "pipe_url.mp4": "pipe:0\n",
    "data_url.mp4": "data:video/mp4;base64,AAAAIGZ0eXA=\n",
    "unix_url.mp4": "unix:/run/docker.sock\n",
    "http_url.ram.mov": "http://127.0.0.1:9/a.rm\n",
    "playlist.xspf.mp4": '<?xml version="1.0"?><playlist><trackList><track><location>{file}</location>'
    "</track></trackList></playlist>",
    "playlist.wpl.wmv": '<?wpl version="1.0"?><smil><body><seq><media src="{file}"/></seq></body></smil>',
    "smooth.ism.mp4": '<?xml version="1.0"?><SmoothStreamingMedia><StreamIndex Url="{file}"/>',
    "edit_list.edl.mp4": "# mpv EDL v0\n{file},0,9\n",
    "ffmetadata.mp4": ";FFMETADATA1\ntitle={file}\n",
    "cue_binary.wav": 'FILE "{file}" BINARY\n  TRACK 01 AUDIO\n',
    "project.mlt.mp4": '<mlt><producer><property name="resource">{file}</property></producer></mlt>',
    "picture.svg.mp4": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{file}"/></svg>',
    "session_crlf.sdp.mov": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 9 RTP/AVP 96\r\n",
}


@oddity(*_TEXTS)
def text(path: Path) -> None:
    """A text that names the canary."""
    path.write_text(_TEXTS[path.name].replace("{file}", str(path.with_name(CANARY))))


@oddity("hls_utf16.mp4")
def hls_utf16(path: Path) -> None:
    path.write_text(_HLS.replace("{file}", str(path.with_name(CANARY))), encoding="utf-16")


@oddity("hls_nul.mp4")
def hls_nul(path: Path) -> None:
    """A playlist that ends in bytes no text has."""
    path.write_bytes(_HLS.replace("{file}", str(path.with_name(CANARY))).encode() + bytes(9000))


@oddity("concat_nul.mp4")
def concat_nul(path: Path) -> None:
    path.write_bytes(f"ffconcat version 1.0\nfile '{path.with_name(CANARY)}'\n".encode() + b"\0\x01")


@oddity("pattern_%03d.mp4")
def pattern(path: Path) -> None:
    """A good recording whose name is a pattern for many files."""
    path.write_bytes(plain(path, ".mp4"))


@oddity("playlist_behind.mp4")
def playlist_behind(path: Path) -> None:
    """A good recording with a playlist in a box behind it."""
    told = _HLS.replace("{file}", str(path.with_name(CANARY))).encode()
    path.write_bytes(bytes(plain(path, ".mp4")) + box(b"free", told))


@oddity("data_reference.mov", "data_alias.mov")
def data_reference(path: Path) -> None:
    """A movie whose pictures lie in another file, by its own word."""
    content = bytes(plain(path, ".mov"))
    at = content.index(b"dref") - 4
    size = struct.unpack(">I", content[at : at + 4])[0]
    target = str(path.with_name(CANARY)).encode()
    if path.name == "data_alias.mov":
        name = struct.pack(">HH", 18, len(target)) + target + b"\0" * (len(target) % 2)
        entry = box(b"alis", bytes(4), bytes(150), name, b"\xff\xff\0\0")
    else:
        entry = box(b"url ", bytes(4), b"file://" + target + b"\0")
    new = box(b"dref", bytes(4), struct.pack(">I", 1), entry)
    content = content[:at] + new + content[at + size :]
    path.write_bytes(_grown(content, at, len(new) - size))


def _grown(content: bytes, at: int, more: int) -> bytes:
    """The movie with the sizes of the boxes around `at` made larger; they are met on the way down."""
    grown, start, end = bytearray(content), 0, len(content)
    while start + 8 <= end:
        size, name = struct.unpack(">I4s", grown[start : start + 8])
        if start < at < start + size + more and name in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
            grown[start : start + 4] = struct.pack(">I", size + more)
            start, end = start + 8, start + size + more
        else:
            start += size
    return bytes(grown)


@oddity("reference_movie.mov")
def reference_movie(path: Path) -> None:
    """A movie that only names another one."""
    target = b"file://" + str(path.with_name(CANARY)).encode() + b"\0"
    rdrf = box(b"rdrf", bytes(4), b"url ", struct.pack(">I", len(target)), target)
    path.write_bytes(box(b"ftyp", b"qt  ", bytes(4)) + box(b"moov", box(b"rmra", box(b"rmda", rdrf))))


@oddity("billion_pixels.png.mp4")
def billion_pixels_png(path: Path) -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + bytes(100))


@oddity("billion_pixels.mov")
def billion_pixels_inside(path: Path) -> None:
    """PNG pictures in a movie that states 160 x 120 where their headers state 60,000 x 60,000."""
    shape = videos.Shape(codec="png", pixels="rgb24")
    content = videos.write(path, [(n * 100, videos.flat((9, 9, 9), 160, 120)) for n in range(5)], shape)
    small, large = (b"IHDR" + struct.pack(">II", *size) for size in ((160, 120), (60_000, 60_000)))
    path.write_bytes(content.read_bytes().replace(small, large))


@oddity("billion_pixels.mp4")
def billion_pixels_index(path: Path) -> None:
    """An index that states 65,500 x 65,500 over a small stream."""
    content = plain(path, ".mp4")
    at = content.index(b"avc1", content.index(b"stsd")) + 4 + 24
    content[at : at + 4] = struct.pack(">HH", 65_500, 65_500)
    path.write_bytes(content)


@oddity("billion_pixels.h264.ts")
def billion_pixels_sps(path: Path) -> None:
    """A stream whose own header states 32,768 x 32,768 pixels."""
    content = plain(path, ".ts")
    sps = _sps(2048, 2048)
    start = content.index(b"\0\0\0\1\x67") + 4
    end = content.index(b"\0\0\0\1\x68", start)
    assert len(sps) <= end - start
    content[start:end] = sps + b"\0" * (end - start - len(sps))
    path.write_bytes(content)


def _sps(width: int, height: int) -> bytes:
    """A sequence header of baseline H.264 for so many macroblocks."""
    bits = "".join(
        (
            _ue(0),
            _ue(0),
            _ue(0),
            _ue(0),
            _ue(1),
            "0",
            _ue(width - 1),
            _ue(height - 1),
            "1",
            "1",
            "0",
            "0",
            "1",
        )
    )
    bits += "0" * (-len(bits) % 8)
    return bytes((0x67, 66, 0xC0, 60)) + int(bits, 2).to_bytes(len(bits) // 8, "big")


def _ue(value: int) -> str:
    digits = f"{value + 1:b}"
    return "0" * (len(digits) - 1) + digits


@oddity("empty.mp4")
def empty(path: Path) -> None:
    path.write_bytes(b"")


@oddity("zeros.mp4")
def zeros(path: Path) -> None:
    path.write_bytes(bytes(100_000))


_MAGIC = {
    "chopped.wav": b"RIFF\xff\xff\xff\xffWAVEfmt ",
    "chopped.mkv": b"\x1aE\xdf\xa3",
    "chopped.ogg": b"OggS\0\2",
    "chopped.flv": b"FLV\1\5\0\0\0\x09",
}


@oddity(*_MAGIC)
def magic_only(path: Path) -> None:
    """The first bytes of a format and nothing behind them."""
    path.write_bytes(_MAGIC[path.name])
