"""How every loop of this package is compiled: ahead of its first call, kept on disk, without the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(signature: str) -> Callable[[Function], Function]:
    """Compile a function for one signature (numba's words: ``i4[::1]`` is a flat int32 array).

    The result is kept beside the source. Floating point stays in the order written, so that every machine gets the
    same result; a division by zero gives an infinity.
    """
    wrap = njit(signature, cache=True, nogil=True, error_model="numpy")
    return cast("Callable[[Function], Function]", wrap)
