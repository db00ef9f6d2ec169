"""What was covered cannot be made out any more, and what was not is as it was."""

import numpy as np

from mem.media import covering


def test_a_region_is_left_with_a_few_tiles_and_the_rest_as_it_was():
    picture = np.random.default_rng(1).integers(0, 256, (90, 160, 3), np.uint8)
    covered = covering.cover(picture, [(0.25, 0.5, 0.5, 0.5)])
    inside = covered[45:, 40:120]
    assert len(np.unique(inside.reshape(-1, 3), axis=0)) <= 6 * 6
    covered[45:, 40:120] = picture[45:, 40:120]
    assert np.array_equal(covered, picture)


def test_a_region_reaches_to_the_edges_of_odd_pictures():
    picture = np.random.default_rng(2).integers(0, 256, (7, 3, 3), np.uint8)
    covered = covering.cover(picture, [(0, 0, 1, 1), (0.99, 0.99, 0.01, 0.01)])
    assert covered.shape == picture.shape
    assert not np.array_equal(covered, picture)


def test_all_of_a_picture_is_black():
    assert not covering.cover(np.full((4, 5, 3), 200, np.uint8), None).any()


def test_the_picture_that_was_given_is_not_changed():
    picture = np.random.default_rng(3).integers(0, 256, (20, 20, 3), np.uint8)
    before = picture.copy()
    covering.cover(picture, [(0, 0, 1, 1)])
    assert np.array_equal(picture, before)
