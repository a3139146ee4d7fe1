"""What can go wrong during set-up, as one sentence each with the way out."""

from __future__ import annotations

import re
from pathlib import Path


class SetupError(Exception):
    """A failed set-up.

    Args:
        what: what is wrong, as a sentence.
        way_out: what to do about it, as a sentence.
    """

    def __init__(self, what: str, way_out: str) -> None:
        self.what = what
        self.way_out = way_out
        super().__init__(f"{what} {way_out}")


AGAIN = "Nothing is half-installed; start again to go on."
_ROOM = (
    "There is no room left on the disk of this checkout.",
    f"Free about 1.5 GB, or move the checkout to another disk. {AGAIN}",
)
_KNOWN = (
    (
        ("No space left on device", "File too large", "Disk quota exceeded", "[Errno 28]", "[Errno 27]"),
        *_ROOM,
    ),
    (
        ("DO NOT MATCH THE HASHES",),
        "A downloaded package is not the one that was checked when this version was made.",
        "Do not use it; check the mirror that pip is set to, then start again.",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "SSLCertVerificationError", "SSLError"),
        "The package index could not prove who it is (its certificate was not accepted).",
        f"Behind a company proxy set PIP_CERT to your company's certificate file. {AGAIN}",
    ),
    (
        (
            "Temporary failure in name resolution",
            "Name or service not known",
            "nodename nor servname",
            "getaddrinfo failed",
            "NewConnectionError",
            "Failed to establish a new connection",
            "Connection refused",
            "Connection reset",
            "Network is unreachable",
            "ConnectTimeout",
            "ConnectionError",
            "Cannot connect to proxy",
            "ProxyError",
            "Read timed out",
            "ReadTimeoutError",
            "Max retries exceeded",
            "Connection aborted",
            "IncompleteRead",
        ),
        "The packages could not be fetched: there is no connection to the package index.",
        f"Connect to the network, or set HTTPS_PROXY or PIP_INDEX_URL if your company has a proxy or a mirror. {AGAIN}",
    ),
    (
        ("Permission denied", "[Errno 13]", "Read-only file system", "[Errno 30]", "Access is denied"),
        "The folder .venv cannot be written.",
        "Move the checkout to a folder of your own, or delete .venv if somebody else made it, then start again.",
    ),
)
"""Words in the output, what they mean, the way out; the first that fits."""


def explain(output: str, log: Path | None = None) -> SetupError:
    """The sentence for what pip or venv printed before it failed.

    Args:
        output: all it printed.
        log: where that is kept.
    """
    details = f" Details: {log}" if log else ""
    for words, what, way_out in _KNOWN:
        if any(word in output for word in words):
            return SetupError(what, way_out)
    missing = re.search(r"No matching distribution found for (\S+)", output)
    if missing:
        return SetupError(
            f"There is no ready-made package {missing[1]} for this computer and this Python.",
            "Linux needs glibc 2.34 or newer (2.39 on ARM), macOS 13 or newer; Python 3.11 to 3.14 in 64 bits."
            + details,
        )
    last = next((line for line in reversed(output.splitlines()) if line.strip()), "nothing was said")
    return SetupError(
        f"The set-up could not be completed: {last.strip()}", f"Delete the folder .venv and start again.{details}"
    )


def no_room() -> SetupError:
    """The disk is full."""
    return SetupError(*_ROOM)


def no_screen() -> SetupError:
    """There is no desktop session."""
    return SetupError(
        "There is no screen to open the window on.",
        "Start from a desktop session; without one, say demo instead of run, or use .venv/bin/salesops --help",
    )


def no_venv_module(version: str) -> SetupError:
    """Python came without venv or ensurepip, as Debian splits it."""
    return SetupError(
        f"This Python {version} cannot make virtual environments (the module ensurepip is missing).",
        f"On Debian and Ubuntu: sudo apt-get install python{version}-venv; elsewhere install Python from python.org. "
        "Then start again.",
    )
