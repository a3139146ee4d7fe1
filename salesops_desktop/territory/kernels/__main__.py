"""Compile the kernels: the set-up calls this, so that the first design does not wait for it."""

from salesops_desktop.territory.kernels import compile_all

compile_all(lambda done, total, name: print(f"[{done + 1}/{total}] {name}", flush=True))
