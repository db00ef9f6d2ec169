"""Odd and hostile media files, made with PyAV and by changing bytes; the same bytes every time.

A maker takes the path to write to; `MAKERS` has them all by file name. What Mem must do with each
stands in `outcomes`. Most show the test card for three seconds, with a patch that changes
at 1 s and 2 s, and sound a short tone at 1.5 s.
"""

from tests.oddities import bombs, clocks, damage, hostile, pictures, sounds
from tests.oddities.card import MAKERS

__all__ = ["MAKERS", "bombs", "clocks", "damage", "hostile", "pictures", "sounds"]
