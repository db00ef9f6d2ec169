"""The licences of what Mem runs with: `python docs/licences.py REQUIREMENTS`, for `make audit`.

REQUIREMENTS is what `uv export` prints. Ends with status 1 when a package states no licence, or one that
asks more of whoever passes Mem on than Mem's own does.
"""

import re
import sys
from importlib import metadata
from pathlib import Path

_ASKS_MORE = re.compile(r"(?<![A-Za-z])(A?GPL|SSPL|BUSL|Commons Clause)", re.IGNORECASE)
_BETTER = re.compile(r"LGPL|exception| OR ", re.IGNORECASE)  # beside which those are no hindrance
# Looked up by hand, where the package itself is silent or says it in an unusual way.
_KNOWN = {"pyrage": "MIT"}
_LONGEST = 60  # characters of a licence that is shown
# Libraries that wheels bring along and that ask something of whoever passes those wheels on.
_BROUGHT = {
    "avcodec": "LGPL-3.0-or-later",
    "x264": "GPL-2.0-or-later",
    "x265": "GPL-2.0-or-later",
    "geos": "LGPL-2.1-or-later",
    "gmp": "LGPL-3.0-or-later",
    "gnutls": "LGPL-2.1-or-later",
    "mp3lame": "LGPL-2.0-or-later",
    "gfortran": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "keyutils": "LGPL-2.1-or-later",
}


def licence(name: str) -> str:
    """What an installed package says, in short; empty where it says nothing."""
    told = metadata.metadata(name)
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in told.get_all("Classifier") or []
        if text.startswith("License ::") and text.count(" :: ") > 1
    ]
    text = told.get("License-Expression") or ", ".join(classifiers) or (told.get("License") or "")
    return _KNOWN.get(name, " ".join(text.split())[:_LONGEST])


def brought(name: str) -> list[str]:
    """Those of `_BROUGHT` that the wheel of an installed package holds, with their licences."""
    files = [file.name for file in metadata.files(name) or [] if ".libs/" in file.as_posix()]
    names = {match[1] for file in files if (match := re.match(r"lib([a-z0-9]+?)(?:_c)?[-.]", file))}
    return [f"{each} ({_BROUGHT[each]})" for each in sorted(names & _BROUGHT.keys())]


def main() -> None:
    """Print the list and what is wrong with it."""
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    names = sorted({match[1] for line in lines if (match := re.match(r"([A-Za-z0-9][\w.-]*)==", line))})
    wrong = []
    for name in names:
        try:
            found = licence(name)
        except metadata.PackageNotFoundError:
            print(f"{name:40} (not for this machine)")
            continue
        print(f"{name:40} {found or 'NONE STATED'}")
        if within := brought(name):
            print(f"{'':40} its wheel brings {', '.join(within)}")
        if not found or (_ASKS_MORE.search(found) and not _BETTER.search(found)):
            wrong.append(f"{name}: {found or 'none stated'}")
    print(f"{len(names)} packages")
    if wrong:
        sys.exit("Look at these: " + "; ".join(wrong))


if __name__ == "__main__":
    main()
