"""What rooms, telephones and other people do to a voice."""

import numpy as np

from mem.bench.sounds import RATE, Sound, rms

_ROOM_SECONDS = 0.25
_LAW = 255  # of the telephone's eight bits


def noisy(sound: Sound, decibels: float) -> Sound:
    """The sound with pink noise that many decibels below it."""
    noise = pink(len(sound), 5)
    wanted = rms(sound) / 10 ** (decibels / 20)
    mixed: Sound = sound + noise * np.float32(wanted / rms(noise))
    return mixed


def far(sound: Sound) -> Sound:
    """The sound from the other end of a room, at -40 dBFS."""
    late = np.arange(int(_ROOM_SECONDS * RATE)) / RATE
    tail = np.random.default_rng(6).normal(0, 1, len(late)) * np.exp(-late / 0.05) * 0.15
    tail[0] = 1.0
    size = 1 << (len(sound) + len(tail)).bit_length()
    there = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: len(sound)]
    quiet: Sound = (there * (0.01 / rms(there))).astype(np.float32)
    return quiet


def telephone(sound: Sound) -> Sound:
    """The sound as a telephone has it: 300 to 3400 Hz in eight bits."""
    spectrum = np.fft.rfft(sound)
    pitch = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum[(pitch < 300) | (pitch > 3400)] = 0
    band = np.fft.irfft(spectrum, len(sound))
    band /= float(np.max(np.abs(band)))
    bits = np.round(np.sign(band) * np.log1p(_LAW * np.abs(band)) / np.log1p(_LAW) * 127) / 127
    heard: Sound = (np.sign(bits) * np.expm1(np.abs(bits) * np.log1p(_LAW)) / _LAW).astype(np.float32)
    return heard


def clipped(sound: Sound) -> Sound:
    """The sound 20 dB too loud for the microphone."""
    loud: Sound = np.clip(sound * np.float32(10), -1, 1)
    return loud


def interrupted(sound: Sound) -> Sound:
    """The sound with a knock as loud as itself every two seconds, 80 ms each."""
    chance = np.random.default_rng(8)
    knocked = sound.copy()
    knock = np.exp(-np.arange(int(0.08 * RATE)) / (0.015 * RATE))
    for start in range(RATE, len(sound) - len(knock), 2 * RATE):
        blow = chance.normal(0, 1, len(knock)) * knock * rms(sound) * 2
        knocked[start : start + len(knock)] += blow.astype(np.float32)
    heard: Sound = np.clip(knocked, -1, 1)
    return heard


def beside(sound: Sound, other: Sound, decibels: float) -> Sound:
    """The sound with another voice, a fifth lower, that many decibels below it."""
    at = np.arange(len(sound)) / 1.25 % (len(other) - 1)
    lower = np.interp(at, np.arange(len(other)), other).astype(np.float32)
    mixed: Sound = sound + lower * np.float32(rms(sound) / rms(lower) / 10 ** (decibels / 20))
    return mixed


def pink(count: int, seed: int) -> Sound:
    """Noise that has as much in each octave."""
    size = 1 << count.bit_length()
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(0, 1, size))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.fft.irfft(spectrum, size)[:count].astype(np.float32)
