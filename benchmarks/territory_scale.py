"""From spreadsheets to a stored plan: accounts and people imported into a new workspace, then designed with defaults.

    python -m benchmarks.territory_scale [--accounts 40000 250000] [--people 500]

Accounts lie in towns of the United States, with positions, potential, workload and an owner nearby who is not always
the nearest one; all may go to everybody, which is the hardest case. Each size runs in a process of its own, so that
peak memory can be told: the sum of the highest of the process and of the one that parses files. The compiled parts are
there already, as after an installation. The goals: 40,000 accounts in 15 s and 1.5 GB, 250,000 in 60 s. What is proven
of the plan is asked for afterwards, and told apart.
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[1]
TOWNS = 400


def write_company(folder: Path, accounts: int, people: int, seed: int = 1) -> list[Path]:
    """Two csv files: people with homes, and accounts with positions, measures and owners."""
    rng = np.random.default_rng(seed)
    towns = np.stack([rng.uniform(28, 48, TOWNS), rng.uniform(-122, -72, TOWNS)], axis=1)
    size = rng.pareto(1.2, TOWNS) + 0.1
    place = towns[rng.choice(TOWNS, accounts, p=size / size.sum())] + rng.normal(0, 0.5, (accounts, 2))
    homes = place[rng.choice(accounts, people, replace=False)]
    potential = rng.lognormal(9, 1, accounts)
    workload = rng.gamma(4, 2, accounts)
    owner = np.empty(accounts, dtype=np.intp)
    for start in range(0, accounts, 2_000):  # the nearest home with some noise
        some = slice(start, start + 2_000)
        gap = ((place[some, None, :] - homes[None]) ** 2).sum(axis=2)
        owner[some] = (gap * rng.uniform(0.5, 2.0, gap.shape)).argmin(axis=1)
    files = [folder / "people.csv", folder / "accounts.csv"]
    with files[0].open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["Person ID", "Name", "Role", "Country", "Latitude", "Longitude"])
        out.writerows(
            [f"P{i:05}", f"Person {i:05}", "rep", "United States", f"{lat:.5f}", f"{lon:.5f}"]
            for i, (lat, lon) in enumerate(homes.tolist())
        )
    with files[1].open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(
            ["Account ID", "Account Name", "Country", "Latitude", "Longitude", "Potential", "Workload", "Owner ID"]
        )
        out.writerows(
            [
                f"A{i:07}", f"Account {i:07}", "United States", f"{lat:.5f}", f"{lon:.5f}", f"{potential[i]:.2f}",
                f"{workload[i]:.1f}", f"P{owner[i]:05}",
            ]
            for i, (lat, lon) in enumerate(place.tolist())
        )  # fmt: skip
    return files


class Steps:
    """What a job said it did, and how long each took."""

    def __init__(self) -> None:
        """Begin with a step that nobody has told of."""
        self.taken: dict[str, list[float]] = {}
        self._what = "Before the first word"
        self._since = (time.perf_counter(), time.process_time())

    def __call__(self, _done: float, _total: float, what: str = "") -> None:
        """The progress of a job."""
        if what and what != self._what:
            self.close()
            self._what = what

    def close(self) -> None:
        """End the present step."""
        now = (time.perf_counter(), time.process_time())
        spent = self.taken.setdefault(self._what, [0.0, 0.0])
        spent[0] += now[0] - self._since[0]
        spent[1] += now[1] - self._since[1]
        self._since = now

    def show(self) -> None:
        """The steps of a twentieth of a second and more."""
        self.close()
        for what, (wall, cpu) in self.taken.items():
            if wall >= 0.05:
                print(f"    {what:58}{wall:7.2f} s {cpu:7.2f} s CPU")


class Peak:
    """The most memory that the processes started from here took together, MB."""

    def __init__(self) -> None:
        """Begin to look."""
        self.most = 0.0
        self._over = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    def stop(self) -> float:
        """Stop looking."""
        self._over.set()
        return self.most

    def _look(self) -> None:
        me = psutil.Process()
        while not self._over.wait(0.1):
            now = 0.0
            for child in me.children(recursive=True):
                try:
                    now += child.memory_info().rss / 1e6
                except psutil.Error:
                    continue
            self.most = max(self.most, now)


def measure(accounts: int, people: int) -> None:
    """Import and design once; print what each step took."""
    # Not at the top: the process that parses files loads this module too.
    from salesops_desktop.jobs.context import JobContext  # noqa: PLC0415
    from salesops_desktop.jobs.imports import import_files  # noqa: PLC0415
    from salesops_desktop.jobs.territories import design_territories  # noqa: PLC0415
    from salesops_desktop.jobs.workspaces import new, opened  # noqa: PLC0415
    from salesops_desktop.territory.kernels import compile_all  # noqa: PLC0415

    compile_all()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scale.salesops"
        files = write_company(Path(folder), accounts, people)
        peak = Peak()
        began, cpu, theirs = time.perf_counter(), time.process_time(), _children()
        new(JobContext(), path)
        steps = Steps()
        with opened(path, progress=steps) as context:
            import_files(context, files)
            steps.show()
            imported, imported_cpu = time.perf_counter() - began, time.process_time() - cpu
            print(f"  import: {imported:.1f} s ({imported_cpu:.1f} s CPU here)")
            steps = Steps()
            context.progress = steps
            report = design_territories(context)
            steps.show()
        wall = time.perf_counter() - began
        spent = time.process_time() - cpu + _children() - theirs
    print(f"  design: {wall - imported:.1f} s ({time.process_time() - cpu - imported_cpu:.1f} s CPU)")
    for sentence in report.summary():
        print(f"    {sentence}")
    mine, other = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, peak.stop()
    print(
        f"{accounts:,} accounts into {people:,} territories: import to plan {wall:.1f} s ({spent:.1f} s CPU), "
        f"peak {mine:.0f} + {other:.0f} MB"
    )


def _children() -> float:
    """Seconds that the processes started from here have worked, the ended and the present."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    times = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return used.ru_utime + used.ru_stime + sum(each.user + each.system for each in times)


def main() -> None:
    """Measure each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=[40_000, 250_000])
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    for accounts in given.accounts:
        if given.inside:
            measure(accounts, given.people)
        else:
            words = [sys.executable, "-m", "benchmarks.territory_scale", "--inside"]
            sizes = ["--accounts", str(accounts), "--people", str(given.people)]
            subprocess.run([*words, *sizes], check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
