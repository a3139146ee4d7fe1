"""How every loop of this package is compiled: ahead of its first call, kept on disk, without the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(signature: Any, *, bare: bool = False) -> Callable[[Function], Function]:
    """Compile a function for one signature (numba's words: ``i4[::1]`` is a flat int32 array).

    The result is kept beside the source. Floating point stays in the order written, so that every machine gets the
    same result; a division by zero gives an infinity.

    Args:
        signature: of arguments and result.
        bare: the function makes no array, and need not count who uses those it is given: eight times faster where it
            takes them from a named tuple.
    """
    jit: Any = njit
    wrap = jit(signature, cache=True, nogil=True, error_model="numpy", _nrt=not bare)
    return cast("Callable[[Function], Function]", wrap)


def inlined(function: Function) -> Function:
    """A part of bare loops: it is compiled into whoever calls it, which spares the passing of many arrays."""
    jit: Any = njit
    return cast("Function", jit(inline="always", nogil=True, error_model="numpy", _nrt=False)(function))
