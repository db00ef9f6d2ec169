"""Sound of unusual rates, layouts, codecs and places."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame

from tests import videos
from tests.oddities.card import burst, cards, noise, oddity, remux
from tests.videos import Sound


@oddity("telephone.wav")
def telephone(path: Path) -> None:
    videos.write(path, sound=burst(rate=8000), rate=8000)


@oddity("surround_96k.flac", "surround_96k.mka")
def surround(path: Path) -> None:
    """Eight channels at 96 kHz; the tone is in the centre one alone."""
    _spoken(path, "flac" if path.suffix == ".flac" else "pcm_s24le", burst(rate=96_000), 96_000, "7.1")


@oddity("pcm.mkv")
def pcm(path: Path) -> None:
    _spoken(path, "pcm_s16le", burst(rate=48_000), 48_000, "stereo")


@oddity("opus.webm", "opus.ogg", "ac3.mka", "adts.aac", "adpcm.mka")
def coded(path: Path) -> None:
    codec = {"opus.webm": "libopus", "opus.ogg": "libopus", "ac3.mka": "ac3", "adts.aac": "aac"}
    _spoken(path, codec.get(path.name, "adpcm_ima_wav"), burst(rate=48_000), 48_000, "stereo")


@oddity("silent.m4a")
def silent(path: Path) -> None:
    videos.write(path, sound=np.zeros(48_000, np.float32))


@oddity("gap_of_30s.mka")
def gap(path: Path) -> None:
    """A second of sound, 30 s of nothing, and three more with the tone."""
    _parts(path, [(0, np.zeros(16_000, np.float32)), (31_000, burst())])


@oddity("gap_of_5s.mka")
def short_gap(path: Path) -> None:
    _parts(path, [(0, np.zeros(16_000, np.float32)), (6_000, burst())])


@oddity("garbage_before.mp3")
def garbage_before(path: Path) -> None:
    path.write_bytes(bytes(noise(1, 5000) & 0x7F) + plain_sound(path, ".mp3"))


_WAV_SIZES = {
    "wav_size_0.wav": 0,
    "wav_size_max.wav": 0xFFFFFFFF,
    "wav_size_double.wav": 200_000,
    "wav_size_half.wav": 48_000,
}


@oddity(*_WAV_SIZES)
def wrong_size(path: Path) -> None:
    content = bytearray(plain_sound(path, ".wav"))
    size = _WAV_SIZES[path.name]
    at = content.index(b"data") + 4
    content[at : at + 4] = struct.pack("<I", size)
    content[4:8] = struct.pack("<I", size)
    path.write_bytes(content)


@oddity("no_length.mp3")
def no_length(path: Path) -> None:
    """Nothing in it says how long it is; its beginning needs few bits, its end many."""
    loud = np.random.default_rng(1).normal(0, 0.05, 32_000).astype(np.float32)
    sound = np.concatenate((burst(), loud, loud))
    with av.open(str(path), "w", options={"write_xing": "0", "id3v2_version": "0"}) as out:
        options = {"flags": "+qscale", "global_quality": "472", "reservoir": "0"}
        stream = out.add_stream("libmp3lame", rate=16_000, layout="mono", options=options)
        for at in range(0, len(sound), 576):
            frame = AudioFrame.from_ndarray(sound[None, at : at + 576], "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = 16_000, at, Fraction(1, 16_000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


@oddity("several_sounds.mkv")
def several_sounds(path: Path) -> None:
    """A silent track and the default one with the tone."""
    tracks = {1: np.zeros(48_000, np.float32), 2: burst()}
    with av.open(str(path), "w") as out:
        streams = {}
        for number in tracks:
            stream = out.add_stream("pcm_s16le", rate=16_000, layout="mono")
            stream.disposition = av.stream.Disposition.default if number == 2 else av.stream.Disposition(0)
            streams[number] = stream
        for number, sound in tracks.items():
            frame = _frame(sound, 16_000, "mono")
            out.mux(streams[number].encode(frame))
            out.mux(streams[number].encode(None))


@oddity("sound_5s_late.mkv", "sound_5s_late.mp4")
def sound_late(path: Path) -> None:
    _beside(path, picture_ms=0, sound_ms=5000)


@oddity("picture_5s_late.mkv", "picture_5s_late.mp4")
def picture_late(path: Path) -> None:
    _beside(path, picture_ms=5000, sound_ms=0)


def _beside(path: Path, picture_ms: int, sound_ms: int) -> None:

    source = path.with_name(f".{path.name}.mkv")
    videos.write(source, cards(), sound=burst())
    remux(source, path, lambda kind, _: (picture_ms if kind == "video" else sound_ms) / 1000)
    source.unlink()


def plain_sound(path: Path, suffix: str) -> bytes:
    """The bytes of the tone alone."""
    return videos.write(path.with_suffix(suffix), sound=burst()).read_bytes()


def _frame(sound: Sound, rate: int, layout: str) -> AudioFrame:
    """One long frame; of eight channels the centre alone speaks."""
    channels = {"mono": 1, "stereo": 2, "7.1": 8}[layout]
    samples = np.zeros((len(sound), channels), np.float32)
    samples[:, 2 if channels == 8 else slice(None)] = sound if channels == 8 else sound[:, None]
    frame = AudioFrame.from_ndarray(samples.reshape(1, -1), "flt", layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    return frame


def _spoken(path: Path, codec: str, sound: Sound, rate: int, layout: str) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        resampler = av.AudioResampler(
            format=stream.format, layout=layout, rate=rate, frame_size=stream.codec_context.frame_size or 1024
        )
        for frame in (*resampler.resample(_frame(sound, rate, layout)), *resampler.resample(None)):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _parts(path: Path, parts: list[tuple[int, Sound]]) -> None:
    """Uncompressed sound at the given times."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for start_ms, sound in parts:
            for at in range(0, len(sound), 480):
                data = (sound[at : at + 480] * 32767).astype(np.int16)[None]
                frame = AudioFrame.from_ndarray(data, format="s16", layout="mono")
                frame.sample_rate, frame.time_base = 16_000, Fraction(1, 16_000)
                frame.pts = start_ms * 16 + at
                out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
