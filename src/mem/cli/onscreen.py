"""Text on screen is read after the capture, in a job of its own: without a server it is waited for."""

from collections.abc import Sequence

from mem import types
from mem.cli import following, render
from mem.cli.client import Client
from mem.cli.options import Settings
from mem.cli.summary import Outcome

_MOST = 20  # jobs of one source that are looked at, the latest


def finish(settings: Settings, client: Client, outcomes: Sequence[Outcome]) -> None:
    """Wait until the text on the pictures of these recordings is read; says where it could not be."""
    for outcome in outcomes:
        if outcome.source is None or outcome.unread:
            continue
        jobs = client.get("/api/jobs", source=outcome.source["id"], limit=_MOST)["jobs"]
        for job in jobs:
            if job["kind"] != "screen" or job["state"] not in types.ACTIVE_JOB_STATES:
                continue
            name = f"{outcome.path.name}, text on screen"
            with following.watching(client, name, quiet=settings.json) as show:
                ended = following.follow(client, job, show)
            if ended["state"] != "done":
                again = settings.command(f"jobs retry {ended['id']}")
                why = ended.get("error_detail") or ended["state"]
                render.remark(f"Text on screen of {outcome.path.name} is not all read: {why} Again: {again}")
