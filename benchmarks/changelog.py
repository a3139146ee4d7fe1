"""What the change log costs an import: 100,000 rows of 20 filled columns, with the log on and without its triggers.

Run ``python benchmarks/changelog.py [rows] [rounds]``. The rows are staged first; what is measured is one action from
its beginning to its commit (with the disk flushed), as imports do it: one ``INSERT … SELECT`` from the staging file.
Also the undo and redo of that import, and an update of every row.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from salesops_desktop.workspace import Workspace
from salesops_desktop.workspace.changelog import drop_triggers

COLUMNS = (
    "external_id name industry segment region country state city postal_code street latitude longitude currency "
    "annual_revenue employees potential workload website founded created_on"
).split()


def stage(path: Path, rows: int) -> None:
    """A staging file of made-up accounts: text, doubles, integers and dates."""
    rng = random.Random(7)
    words = ["Nord", "Süd", "Ost", "West", "Werk", "Handel", "Technik", "Labor", "Bau", "Energie"]
    staging = sqlite3.connect(path)
    staging.execute(f"CREATE TABLE rows ({', '.join(COLUMNS)})")
    staging.executemany(
        f"INSERT INTO rows VALUES ({', '.join('?' * len(COLUMNS))})",
        (
            (
                f"001{n:012}",
                f"{rng.choice(words)} {rng.choice(words)} {n}",
                *rng.choices(words, k=3),
                "DE",
                rng.choice(words),
                rng.choice(words),
                f"{rng.randrange(100000):05}",
                f"Straße {n}",
                rng.uniform(-90, 90),
                rng.uniform(-180, 180),
                "EUR",
                rng.randrange(10**12),
                rng.randrange(10**5),
                rng.randrange(10**10),
                rng.uniform(0, 400),
                f"https://{n}.example",
                rng.randrange(1900, 2026),
                f"2025-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
            )
            for n in range(rows)
        ),
    )
    staging.commit()
    staging.close()


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of one call: two measured side by side are not disturbed by what else the machine does."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(folder: Path, staging: Path, *, log: bool) -> dict[str, float]:
    """One round on a fresh workspace."""
    path = folder / f"{'on' if log else 'off'}.salesops"
    path.unlink(missing_ok=True)
    names = ", ".join(COLUMNS)
    with Workspace.create(path) as workspace:
        if not log:
            without_triggers(workspace)

        def load() -> None:
            with workspace.action("Import accounts.xlsx", kind="import", log=log) as unit:
                unit.attach(staging, "stage")
                unit.connection.exec_driver_sql(f"INSERT INTO account ({names}) SELECT {names} FROM stage.rows")

        def change() -> None:
            with workspace.action("Raise potential", log=log) as unit:
                unit.connection.exec_driver_sql("UPDATE account SET potential = potential + 1, segment = 'A'")

        figures = {"import": timed(load), "update": timed(change)}
        if log:
            figures |= {"undo update": timed(workspace.undo), "undo import": timed(workspace.undo)}
            figures |= {"redo import": timed(workspace.redo), "redo update": timed(workspace.redo)}
        figures["MB"] = (path.stat().st_size + path.with_name(path.name + "-wal").stat().st_size) / 1e6
        return figures


def without_triggers(workspace: Workspace) -> None:
    """The same file as if there were no change log at all."""
    with workspace.action("Stop logging", log=False) as unit:
        drop_triggers(unit.connection)
        unit.connection.exec_driver_sql("INSERT INTO setting VALUES ('kept', 'true')")


def main() -> None:
    """Print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        staging = folder / "stage.db"
        stage(staging, rows)
        off = [measure(folder, staging, log=False) for _ in range(rounds)]
        on = [measure(folder, staging, log=True) for _ in range(rounds)]
    print(f"{rows:,} rows x {len(COLUMNS)} columns, CPU seconds, median of {rounds}")
    print(f"{'step':<14}{'log off':>9}{'log on':>9}{'ratio':>8}")
    for step in on[0]:
        with_log = statistics.median(figures[step] for figures in on)
        if step in off[0]:
            without = statistics.median(figures[step] for figures in off)
            print(f"{step:<14}{without:>9.2f}{with_log:>9.2f}{with_log / without:>8.2f}")
        else:
            print(f"{step:<14}{'':>9}{with_log:>9.2f}")


if __name__ == "__main__":
    main()
