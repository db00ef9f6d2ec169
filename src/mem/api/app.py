"""The application: its routes, its life, and the ways it is run.

``uvicorn mem.api.app:app`` runs it with the configuration of the working directory; `serve` is the
command, `running` the same for the length of a block.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

import mem
from mem import config as configuration
from mem import folders as folders_of_sources
from mem import observe, reindex
from mem.api import (
    assistants,
    backups,
    batch,
    database,
    deleting,
    export,
    frames,
    jobs,
    lastword,
    models,
    notes,
    notify,
    pages,
    parts,
    pieces,
    posture,
    privacy,
    problems,
    protocol,
    retention,
    search,
    segments,
    serverfile,
    session,
    signing,
    sources,
    system,
    timeline,
    tokens,
    tus,
    upkeep,
    uploads,
    watch,
)
from mem.api.access import Access
from mem.api.edge import Edge
from mem.api.feed import Feed
from mem.api.guard import Gate, Guard
from mem.api.room import Room
from mem.capture import partial
from mem.capture import watch as folders
from mem.config import Config
from mem.errors import AddressTaken, DatabaseFailed, MemError
from mem.jobs import worker as embedded
from mem.memory import Memory, open_memory
from mem.ops import compact, delete, offload, reels
from mem.ops import retention as keeping
from mem.ops.chores import Chores

_KEY_BYTES = 32
_GRACE_SECONDS = 10  # for answers under way when the server stops
_HEADER_BYTES = 65536  # file names of any length travel in the address of an upload
_START_SECONDS = 30
_SWEEP_SECONDS = 600.0  # between looks for uploads that rested too long
_REPAY_SECONDS = 10.0  # between looks for copies that are owed
_WATCH_SECONDS = 1.0  # between looks at whether the database still answers

log = logging.getLogger(__name__)


class Application(FastAPI):
    """FastAPI, describing every error by its own media type."""

    def openapi(self) -> dict[str, Any]:
        """The description of the API."""
        document = super().openapi()
        problems.describe(document)
        return document


def create_app(
    config: Config | None = None, *, memory: Memory | None = None, key: str | None = None, worker: bool = True
) -> FastAPI:
    """The application over `memory`, or over one that it opens itself when it starts.

    Without `config` that is read at the start too. `key` makes its bearer the owner; `worker` says
    whether jobs are worked on.
    """
    app = Application(
        title="Mem",
        summary="A memory of video by time",
        description="What was on screen, what was said, and when. Times are ISO 8601 with a zone, intervals "
        "half-open. Lists page by `cursor`. Errors are application/problem+json with a stable `code`.",
        version=mem.__version__,
        lifespan=lambda app: _life(app, config, memory, worker),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses={
            "4XX": {"model": problems.Problem, "description": "What is wrong with the request"},
            "5XX": {"model": problems.Problem, "description": "What went wrong"},
        },
    )
    app.state.key = key or secrets.token_urlsafe(_KEY_BYTES)
    app.include_router(upkeep.router)
    asked = (system, uploads, tus, batch, watch, jobs, sources, timeline, frames, search, notes)
    kept = (segments, models, backups, database, deleting, privacy, retention, export)
    for module in (*asked, *kept, tokens, session, signing, assistants):
        app.include_router(module.router)
    pages.mount(app)
    problems.install(app)
    app.add_middleware(Guard)
    app.add_middleware(Edge)  # the last one added is the outermost
    return app


@contextlib.asynccontextmanager
async def _life(
    app: FastAPI, config: Config | None, memory: Memory | None, worker: bool
) -> AsyncIterator[None]:
    """Open what is not open, work on jobs, and let go of it all in reverse."""
    with contextlib.ExitStack() as stack:
        if memory is None:
            if config is None:
                config = configuration.load()
                observe.start_logging(config.logging.level, config.logging.format, config.logging.dir)
            memory = stack.enter_context(open_memory(config))
        if memory.db.engine == "duckdb":  # then this process alone receives uploads
            parts.sweep(memory.folder / "uploads")
        app.state.memory = memory
        app.state.chores = chores = Chores()
        stack.callback(chores.stop)
        app.state.began = time.monotonic()
        app.state.watch = folders.Watch(memory)  # looks into nothing unless it runs
        app.state.room, app.state.digests = Room(memory), pieces.Digests()
        app.state.access = access = Access(memory, app.state.key)
        app.state.gate = Gate(memory, access)
        app.state.signing = signing.opened(memory.config.api.oidc)
        app.state.assistants = assistants.Assistants()
        stack.callback(app.state.assistants.close)
        stack.callback(access.write_uses)
        if worker:
            working = _working(memory)
            await asyncio.to_thread(working.__enter__)
            stack.push(working)
            stack.enter_context(reindex.kept_level(memory.db, memory.index))
            stack.enter_context(folders.running(app.state.watch))
            stack.enter_context(offload.running(memory))
            stack.enter_context(reels.running(memory))
            if memory.meaning is not None:
                stack.enter_context(memory.meaning.kept())
            stack.callback(asyncio.create_task(_keep_within(memory)).cancel)
        app.state.feed = feed = Feed(memory)
        stack.callback(feed.join)
        stack.callback(feed.close)
        stack.enter_context(_streams_end_first(feed))
        stack.callback(_repay, memory)
        stack.callback(asyncio.create_task(_sweep(memory)).cancel)
        stack.callback(asyncio.create_task(_keep_level(memory)).cancel)
        stack.callback(asyncio.create_task(access.note_uses()).cancel)
        yield
        await app.state.gate.close()


def _working(memory: Memory) -> contextlib.AbstractContextManager[object]:
    """Work on jobs here, or wake those who do."""
    if memory.config.jobs.backend == "embedded":
        return embedded.running(memory)
    if memory.config.jobs.backend == "celery":
        from mem.jobs import celery  # an extra

        return celery.waking(memory)
    return contextlib.nullcontext()


async def _sweep(memory: Memory) -> None:
    """Drop uploads as they expire."""
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        try:
            await asyncio.to_thread(partial.sweep, memory)
        except MemError as error:
            log.warning("uploads not swept", extra={"action": "sweep_failed", "detail": error.detail})


async def _keep_level(memory: Memory) -> None:
    """Make the copies of rows for which there was no room."""
    while True:
        await asyncio.sleep(_REPAY_SECONDS)
        await asyncio.to_thread(_repay, memory)


def _repay(memory: Memory) -> None:
    try:
        folders_of_sources.repay(memory)
    except (MemError, OSError) as error:
        log.warning("copies still owed", extra={"action": "copies_owed", "detail": str(error)})


async def _keep_within(memory: Memory) -> None:
    """Finish deletions that wait; once a day let go of what the rules say, and of deleted rows."""
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        for step in (delete.finish, keeping.daily, compact.daily):
            try:
                await asyncio.to_thread(step, memory)
            except MemError as error:
                facts = {"action": "retention_failed", "detail": error.detail}
                log.warning("retention not done", extra=facts)


@contextlib.contextmanager
def _streams_end_first(feed: Feed) -> Iterator[None]:
    """A server that is told to stop waits for its answers, and a stream of events never ends by itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def stop(number: int, frame: FrameType | None) -> None:
        feed.close()
        following = before[signal.Signals(number)]
        if callable(following):
            following(number, frame)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def running(config: Config, *, worker: bool) -> Iterator[tuple[str, str]]:
    """Serve on a free loopback port until the block ends; gives the address and the owner's key.

    Raises Locked when another process holds the database.
    """
    with open_memory(config) as memory, serving(memory, worker=worker) as (url, key):
        yield url, key


@contextlib.contextmanager
def serving(memory: Memory, *, worker: bool) -> Iterator[tuple[str, str]]:
    """Serve an opened memory on a free loopback port; gives the address and the owner's key."""
    with contextlib.closing(_bind("127.0.0.1", 0)) as listening:
        app = create_app(memory=memory, worker=worker)
        server = _server(app, memory.config)
        thread = threading.Thread(target=server.run, args=([listening],), name="api")
        thread.start()
        try:
            _await_start(server, thread)
            yield _url(listening), app.state.key
        finally:
            if server.started:
                app.state.feed.close()
            server.should_exit = True
            thread.join()


def serve(config: Config, *, beside: bool = False) -> None:
    """Serve until SIGTERM or SIGINT: page, API and worker. Tells others where in data/server.json.

    One that runs `beside` another, which PostgreSQL allows, leaves the other one's word there.

    Raises Locked when another process holds the database, AddressTaken when the port is in use, and
    DatabaseFailed when the database must be opened anew, which only a new process can do.
    """
    observe.start_logging(config.logging.level, config.logging.format, config.logging.dir)
    lastword.install()
    with (
        contextlib.closing(_bind(config.api.host, config.api.port)) as listening,
        open_memory(config) as memory,
    ):
        posture.check(config, memory)
        app = create_app(memory=memory)
        url = _url(listening)
        server = _server(app, config)
        with (
            serverfile.written(memory.folder, url, app.state.key, beside=beside),
            _told(server),
            _watched(server, memory),
        ):
            server.run([listening])
        memory.db.check_alive()


@contextlib.contextmanager
def _watched(server: uvicorn.Server, memory: Memory) -> Iterator[None]:
    """End the server when DuckDB refuses everything, as after an error on the disk: it never recovers."""
    if memory.db.engine != "duckdb":  # a lost connection is made again
        yield
        return
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_WATCH_SECONDS):
            try:
                memory.db.check_alive()
            except DatabaseFailed as error:
                facts = {"action": "database_failed", "detail": error.detail}
                log.critical("the server ends: the database failed", extra=facts)
                server.should_exit = True
                return

    watcher = threading.Thread(target=watch, name="watch")
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _server(app: FastAPI, config: Config) -> uvicorn.Server:
    return notify.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # a forwarding header is a reason to refuse, not a word to believe
            h11_max_incomplete_event_size=_HEADER_BYTES,
            http=protocol.bounded(config.api),
            ws="none",
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise AddressTaken("The server did not start; the log says why.", hint="")
        time.sleep(0.005)


def _bind(host: str, port: int) -> socket.socket:
    """A socket that listens at the address. Raises AddressTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio lets Nagle's algorithm hold back the second half of an answer for 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise AddressTaken(f"{host}:{port} cannot be listened on: {os.strerror(error.errno or 0)}.") from None
    return listening


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def _told(server: uvicorn.Server) -> Iterator[None]:
    """A signal before uvicorn listens for them stops it once it has started.

    One that stopped it uvicorn raises once more at its end; by then it has been obeyed.
    """

    def stop(*_: object) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


app = create_app()
