"""Which marked tiles of a picture touch, corners included."""

import math

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Run = tuple[int, int, int]  # row, first column, the one after the last

_NEAR = 9  # tiles of a tile's 3 x 3


def together(marked: Mask, tiles: int) -> bool:
    """Whether at least `tiles` marked tiles touch."""
    if np.count_nonzero(marked) < tiles:
        return False
    framed = np.pad(marked, 1).view(np.uint8)
    across = framed[:, :-2] + framed[:, 1:-1] + framed[:, 2:]
    around = (across[:-2] + across[1:-1] + across[2:]) * marked  # marked in its 3 x 3, itself included
    if tiles <= _NEAR and around.max() >= tiles:
        return True
    return any(sum(end - start for _, start, end in group) >= tiles for group in groups(around > 1))


def plainly(marked: Mask, tiles: int) -> npt.NDArray[np.bool_]:
    """In which of some masks at least `tiles` marked ones lie in a row, or in a block of two rows.

    Quicker than `together`, for all at once; where it says no, there may be a group of another shape.
    """
    if not marked.any():
        return np.zeros(len(marked), np.bool_)
    row = _filled(marked, tiles)
    half = _filled(marked, math.ceil(tiles / 2))
    block = half[:, 1:] & half[:, :-1]
    return np.asarray(row.any(axis=(1, 2)) | block.any(axis=(1, 2)), np.bool_)


def _filled(marked: Mask, wide: int) -> Mask:
    """Where a row of `wide` marked tiles begins."""
    columns = max(0, marked.shape[2] - wide + 1)
    found = marked[:, :, :columns].copy()
    for step in range(1, wide):
        found &= marked[:, :, step : step + columns]
    return found


def groups(marked: Mask) -> list[list[Run]]:
    """The groups of marked tiles that touch, each as its runs along the rows."""
    edges = np.diff(np.pad(marked, ((0, 0), (1, 1))).view(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    runs = list(zip(rows.tolist(), starts.tolist(), np.nonzero(edges == -1)[1].tolist(), strict=True))
    leads = list(range(len(runs)))  # of each run one of its group, up to one that leads to itself
    above = 0
    for at, (row, start, end) in enumerate(runs):
        while runs[above][0] < row - 1 or (runs[above][0] == row - 1 and runs[above][2] < start):
            above += 1
        over = above
        while runs[over][0] == row - 1 and runs[over][1] <= end:
            leads[_lead(leads, over)] = _lead(leads, at)
            over += 1
    found: dict[int, list[Run]] = {}
    for at, run in enumerate(runs):
        found.setdefault(_lead(leads, at), []).append(run)
    return list(found.values())


def _lead(leads: list[int], at: int) -> int:
    while leads[at] != at:
        leads[at] = leads[leads[at]]
        at = leads[at]
    return at
