import numpy as np
import pytest
from av.video.frame import VideoFrame

from mem.media import dedup, news
from mem.media import thumb as thumbs
from mem.media.clutter import Clutter
from mem.media.dedup import Keeper
from mem.media.news import RULES, Rule
from tests import videos

NORMAL = RULES["normal"]
WIDE, HIGH = 960, 544
SCENE = videos.scene(7, WIDE, HIGH)
LEARNED = 24  # samples after which what never rests is known


def thumb(picture):
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return thumbs.of(frame.reformat(format="yuv420p", threads=1))


def clocked(number, sigma=3.0, block=36):
    """The scene under noise, with digits in a corner that are others in each sample."""
    picture = videos.noisy(SCENE, number, sigma) if sigma else SCENE.copy()
    digits = np.random.default_rng(number).integers(0, 2, (6, 6), np.uint8) * 200
    picture[16 : 16 + block, 16 : 16 + block] = np.kron(digits, np.ones((block // 6 + 1,) * 2, np.uint8))[
        :block, :block, None
    ]
    return picture


def kept(keeper, pictures):
    return [keeper.decide(thumb(picture))[1] for picture in pictures]


def learned(rule=NORMAL, **how):
    keeper = Keeper(rule)
    kept(keeper, (clocked(number, **how) for number in range(LEARNED)))
    return keeper


@pytest.mark.parametrize("sigma", [0.0, 3.0])
def test_a_clock_is_no_news_once_it_is_known(sigma):
    keeper = learned(sigma=sigma)
    assert not any(kept(keeper, (clocked(number, sigma=sigma) for number in range(LEARNED, 48))))


def test_without_learning_each_of_its_samples_is_kept():
    rule = Rule(5, 6, 3, 10, 8, clutter=False)
    assert sum(kept(learned(rule), (clocked(number) for number in range(LEARNED, 40)))) >= 15


def test_someone_who_walks_through_that_corner_is_kept():
    keeper, someone = learned(), clocked(99)
    someone[8:150, 4:70] = (20, 24, 60)
    assert kept(keeper, [someone]) == [True]
    assert kept(keeper, [clocked(100)]) == [False]


def test_something_beside_the_clock_is_kept():
    keeper, beside = learned(), clocked(99)
    beside[200:240, 600:640] = 250
    assert kept(keeper, [beside]) == [True]


def test_what_comes_to_rest_is_kept():
    keeper = learned(sigma=0.0)
    stopped = clocked(99, sigma=0.0)
    assert sum(kept(keeper, [stopped] * 8)) == 1


def test_lines_of_text_are_never_learned():
    keeper, letters = Keeper(NORMAL), "abcdefghijklmnopqrstuvwxyz"
    shown = []
    for number in range(40):
        line = "".join(np.random.default_rng(number).choice(list(letters), 40))
        shown.append(videos.typed([line], WIDE, HIGH, 22))
    assert all(kept(keeper, shown))


def test_a_page_that_changes_as_a_whole_is_never_learned():
    keeper = Keeper(NORMAL)
    chance, letters = np.random.default_rng(1), list("abcdefghijkl mnopqrstuvwxyz")
    pages = [["".join(chance.choice(letters, 70)) for _ in range(24)] for _ in range(20)]
    assert all(kept(keeper, (videos.typed(page, WIDE, HIGH) for page in pages)))


def test_learning_goes_on_from_its_state():
    keeper = learned()
    state = keeper.to_bytes()
    again = Keeper.from_bytes(NORMAL, state)
    assert again.to_bytes() == state
    for number in range(LEARNED, LEARNED + 12):
        seen = thumb(clocked(number))
        assert again.decide(seen) == keeper.decide(seen)
    assert again.to_bytes() == keeper.to_bytes()


def test_rain_raises_what_counts_and_someone_in_it_is_kept():
    def rainy(number):
        picture, falling = videos.noisy(SCENE, number), np.random.default_rng(number)
        for _ in range(120):
            y, x = int(falling.integers(0, HIGH - 40)), int(falling.integers(0, WIDE - 2))
            picture[y : y + 40, x : x + 2] = np.minimum(picture[y : y + 40, x : x + 2], 239) + 16
        return picture

    keeper = Keeper(NORMAL)
    kept(keeper, map(rainy, range(LEARNED)))
    someone = rainy(99)
    someone[200:340, 400:460] = (200, 30, 30)
    assert sum(kept(keeper, map(rainy, range(LEARNED, 48)))) <= 2
    assert kept(keeper, [someone]) == [True]


def test_a_state_of_before_clutter_was_learned_still_serves():
    keeper = Keeper(NORMAL)
    kept(keeper, [SCENE])
    head, body = dedup._unpacked(keeper.to_bytes())
    old = dedup._packed({"version": 1, "next": head["next"], "kept": head["kept"]}, bytes(body))
    assert kept(Keeper.from_bytes(NORMAL, old), [SCENE]) == [False]


def test_a_state_that_is_too_short_is_refused():
    with pytest.raises(ValueError):
        Clutter.from_bytes(memoryview(b"\0" * 100), (8, 8), 3, 0.0)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_has_a_name_or_numbers(name):
    assert news.rule(name) == RULES[name]
    assert (
        news.rule({"level": 7, "tiles": 5, "faint": 2, "many": 9, "colour": 6, "clutter": False}).level == 7
    )
