"""The benchmarks of seeing tell the truth about what they are given."""

import itertools

import numpy as np
import pytest

from mem.bench import capture, clips, dedup, footage, hashes, looking
from mem.bench.clips import Coded
from mem.media.dedup import Keeper
from mem.media.news import RULES


class Stubborn:
    """Keeps the first look, and nothing else."""

    def __init__(self):
        self.first = True

    def decide(self, seen):
        new, self.first = self.first, False
        return 0, new


@pytest.mark.parametrize("kind", dedup.KINDS)
def test_the_same_seed_shows_the_same(kind):
    one, other, another = (list(dedup.KINDS[kind](seed, 3)) for seed in (1, 1, 2))
    assert [look.shows for look in one] == [look.shows for look in other]
    assert all(np.array_equal(a.thumb.luma, b.thumb.luma) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one[0].thumb.luma, another[0].thumb.luma)


def test_keeping_all_misses_nothing_and_drops_nothing():
    score = dedup.Score()
    dedup.rate(hashes.Everything(), list(footage.camera(1, 40)), score, 1)
    assert (score.missed, score.dropped, score.kept) == (0, 0, 40)


def test_keeping_one_misses_every_change():
    looks, score = list(footage.subtitles(1, 12)), dedup.Score()
    dedup.rate(Stubborn(), looks, score, 1)
    changes = sum(a.shows != b.shows for a, b in itertools.pairwise(looks))
    assert (score.changes, score.missed) == (changes + 1, changes)


@pytest.mark.parametrize("kind", ["lines", "subtitles", "colours", "slides", "cells", "chat", "distance"])
def test_the_rule_misses_nothing_that_is_plain_to_see(kind):
    score, _ = dedup.score(kind, 40, range(50, 51))
    assert score.changes > 3
    assert score.missed == 0


def test_a_clock_in_the_corner_is_learned():
    score = dedup.Score()
    dedup.rate(Keeper(RULES["normal"]), list(footage.stamp(51, 120)), score, 51)
    assert score.missed == 0
    assert score.dropped_share > 85


def test_a_hash_tells_pictures_apart_by_its_bits():
    one, other = (next(footage.camera(seed, 1)).thumb for seed in (1, 2))
    for of in (hashes.difference, hashes.cosine):
        assert (of(one) ^ of(other)).bit_count() > 6
        rule = hashes.Hashing(of, 6)
        assert [rule.decide(seen) for seen in (one, one, other)] == [(0, True), (0, False), (1, True)]


def test_dedup_measures_each_kind_and_each_rival(tmp_path, monkeypatch):
    monkeypatch.setattr(dedup, "_QUICK_LOOKS", 3)
    monkeypatch.setattr(dedup, "_WORKERS", 1)
    monkeypatch.setattr(dedup, "_ROUNDS", 1)
    found = {one.measure: one for one in dedup.measure(True, lambda _: None, tmp_path)}
    for kind in dedup.KINDS:
        assert f"{kind}: dropped" in found
    assert found["decision: nothing new"].value > 0
    assert found["FFmpeg fps (keeps all): missed"].value == 0


def test_two_workers_score_as_one_does():
    looks = {"mouse": 3, "cells": 4}
    assert dict(dedup._scored(looks, range(7, 8)))["cells"][0].looks == 4
    alone = {name: dedup.score(name, count, range(7, 8))[0].kept for name, count in looks.items()}
    assert {name: ours.kept for name, (ours, _) in dedup._scored(looks, range(7, 8))} == alone


def test_a_clip_is_as_long_as_its_laps(tmp_path):
    once = clips.write(tmp_path / "once.mp4", clips.camera(10, 1, 160, 96), Coded(fps=1, gop=5))
    long = clips.repeated(once, tmp_path / "long.mp4", 3, 10)
    took = looking.whole(long)
    assert (took.looks, took.kept) == (6, 1)
    assert took.memory > 2**20


def test_all_that_is_measured_of_a_clip(tmp_path, monkeypatch):
    monkeypatch.setattr(capture, "_QUICK_CLIP_SECONDS", 5)
    monkeypatch.setattr(capture, "_QUICK_LAPS", 2)
    monkeypatch.setattr(capture, "_FEW_PICTURES", 2)
    monkeypatch.setattr(capture, "_QUICK_DAYS_LOOKS", 2)
    monkeypatch.setattr(clips, "FPS", 2)
    small = clips.camera
    monkeypatch.setattr(clips, "camera", lambda count, seed=1, *_: small(count, seed, 160, 96))
    found = capture.measure(True, lambda _: None, tmp_path)
    assert all(one.value > 0 and one.how for one in found)
    assert len({one.measure for one in found}) == len(found)
