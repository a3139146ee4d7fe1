"""The way from a fresh checkout to a running program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import environment
import system_libraries
from failures import SetupError, no_screen
from surroundings import clean_variables, has_screen

OFFLINE_CHECK = "--offline-check"


def follow(root: str, command: str, rest: list[str]) -> int:
    """Set up what ``command`` needs, then run it.

    Args:
        root: the checkout.
        command: demo, run or test.
        rest: further words for the program or for pytest; ``--offline-check`` among them asks instead of doing.

    Returns:
        The exit status; 1 for a failed set-up, which has been told in one sentence.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a path may hold letters the terminal has not
    try:
        place = environment.Environment(Path(root))
        if OFFLINE_CHECK in rest:
            return _offline_check(place, dev=command == "test")
        screen = has_screen()
        if command == "run" and not screen:
            raise no_screen()
        python = place.prepare(dev=command == "test")
        system_libraries.provide(python, window=command != "test" and screen)
        screen = screen and command != "test" and system_libraries.reaches_screen(python)
        if command == "run" and not screen:
            raise no_screen()
        return _start(python, Path(root), command, rest, screen=screen)
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing is broken; start again to go on.", file=sys.stderr)
        return 130


def _offline_check(place: environment.Environment, *, dev: bool) -> int:
    if place.is_ready(dev=dev):
        print("Everything is installed: no network is needed.")
        return 0
    print("Not everything is installed yet: the next start needs the network (or a mirror that pip knows).")
    return 1


def _start(python: Path, root: Path, command: str, rest: list[str], *, screen: bool) -> int:
    variables = clean_variables()
    if not screen:
        variables.setdefault("QT_QPA_PLATFORM", "offscreen")
    if command == "test":
        chosen = any(word.startswith(("-n", "--numprocesses", "--dist")) for word in rest)
        # A file's tests stay with one worker, so that what they share is made once; one worker more than the smallest
        # machine has cores, for tests of windows and child processes wait much.
        words = ["-m", "pytest", *([] if chosen else ["-n", "3", "--dist", "loadfile"]), *rest]
    elif command == "demo":
        words = ["-m", "salesops_desktop", "demo", "--out", "demo", *(["--window"] if screen else []), *rest]
    else:
        words = ["-m", "salesops_desktop", *rest]
    sys.stdout.flush()
    return subprocess.call([str(python), *words], cwd=root, env=variables)
