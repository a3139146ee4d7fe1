"""Letting a person stop work that cannot be interrupted: it is done beside, and left to end by itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Result = TypeVar("Result")

LOOK = 0.04
"""Seconds between two looks at the person's wish."""


def patiently(work: Callable[[], Result], look: Callable[[], None]) -> Result:
    """Do ``work`` in another thread, and ``look`` meanwhile; what ``look`` raises is raised at once."""
    pool = ThreadPoolExecutor(1)
    try:
        job = pool.submit(work)
        while wait([job], LOOK).not_done:
            look()
        return job.result()
    finally:
        pool.shutdown(wait=False)
