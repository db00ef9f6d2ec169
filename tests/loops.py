"""Coroutines run in a thread of their own: a browser that other tests drive keeps a loop in this one."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """What the coroutine gives."""
    return called(asyncio.run, work)


def called(function: Callable[..., T], *arguments: Any) -> T:
    """What the function gives, called in a thread of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *arguments).result()
