"""Where two parts of a recording meet that were looked at apart from each other.

Each part began with an empty memory. What it kept first is compared with what the part before remembered at
its end, so that a scene that stands across the seam is kept once.
"""

from mem.media.dedup import KEPT, Keeper


def follow(keeper: Keeper, before: Keeper) -> dict[int, int]:
    """Let `keeper` go on as if `before` had seen what came right before its first picture.

    Gives those of its first pictures that repeat what `before` remembered, each with what that was; from now
    on the one stands for the other.
    """
    old, fresh, same = before.remembered, 0, dict[int, int]()
    for ordinal, seen in keeper.opening:
        found = before.place_among(old, seen)
        if found is None:
            fresh += 1
            del old[KEPT - fresh :]  # one that is new takes the place of what was shown longest ago
        else:
            same[ordinal] = old[found][0]
            old.insert(0, old.pop(found))
    mine = {same.get(ordinal, ordinal): seen for ordinal, seen in keeper.remembered}
    keeper.take_over([*mine.items(), *(each for each in old if each[0] not in mine)])
    return same
