"""Kills importing, undoing, migrating and exporting processes at random moments and checks the file every time.

Run ``python tests/workspace/kill_proof.py --kills 200 [--seed 1]``. Each round starts a child that works on the
workspace and writes down what it has finished (flushed to disk after each commit), kills it with SIGKILL after a random
time, and then checks: the lock is free, the file opens, its pages, references and change log are sound, everything
written down as finished is there, nothing is there by halves, and an exported file is whole, old or new.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from salesops_desktop.sheets.writing.atomic import write_bytes_atomically  # noqa: E402
from salesops_desktop.workspace import Workspace, content_hash  # noqa: E402

ROWS = 400
"""Rows of one import; any other number of rows of a batch is half an action."""

V1 = Path(__file__).parent / "files" / "version_1.salesops.gz"
ADD = (
    "INSERT INTO account (external_id, name, segment, workload) WITH RECURSIVE n(i) AS "
    "(VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT ?) SELECT ? || '-' || i, 'Account ' || i, ?, i / 3.0 FROM n"
)


def note(path: Path, line: str) -> None:
    """Write a line down so that it survives the kill."""
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def lines_of(path: Path) -> list[str]:
    """What was written down, without a last line the kill cut short."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [line for line in text.split("\n")[:-1] if line]


def importing(path: Path, notes: Path, batch: str) -> None:
    """Import after import, each one action; every third is changed as well."""
    with Workspace.open(path) as workspace:
        note(notes, "ready")
        for number in range(10_000):
            name = f"{batch}.{number}"
            with workspace.action(f"Import {name}", kind="import") as unit:
                unit.connection.exec_driver_sql(ADD, (ROWS, name, name))
                if number % 3 == 2:
                    unit.connection.exec_driver_sql("UPDATE account SET workload = workload + 1 WHERE id % 5 = 0")
            note(notes, f"done {name}")


def undoing(path: Path, notes: Path, _batch: str) -> None:
    """Undo all, redo all, and again."""
    with Workspace.open(path) as workspace:
        note(notes, "ready")
        while True:
            while workspace.undo_name:
                note(notes, f"done {workspace.undo().id}")
            while workspace.redo_name:
                note(notes, f"done {workspace.redo().id}")


def migrating(path: Path, notes: Path, _batch: str) -> None:
    """Open an old file: backup, migration, close; again from the start."""
    old = gzip.decompress(V1.read_bytes())
    note(notes, "ready")
    Workspace.open(path).close()
    note(notes, "done")
    for number in range(10_000):
        other = path.with_name(f"again {number}.salesops")
        write_bytes_atomically(other, old)
        Workspace.open(other).close()
        note(notes, "done")


def exporting(path: Path, notes: Path, batch: str) -> None:
    """Write the content to a file beside the workspace, again and again."""
    with Workspace.open(path) as workspace:
        note(notes, "ready")
        for number in range(10_000):
            with workspace.read() as connection:
                rows = connection.exec_driver_sql("SELECT * FROM account").all()
            body = f"{batch}.{number}\n{rows!r}\n".encode() * 3
            write_bytes_atomically(path.with_name("export.txt"), hashlib.sha256(body).hexdigest().encode() + body)
            note(notes, f"done {number}")


WORK = {"import": importing, "undo": undoing, "migrate": migrating, "export": exporting}


@dataclass
class Tally:
    """What the rounds came to."""

    kills: Counter[str] = field(default_factory=Counter)
    unfolded: int = 0
    finished: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kills.items()))
        return (
            f"{self.kills.total()} kills ({kinds}); {self.unfolded} left a log to fold in; "
            f"{self.finished} finished pieces of work all there; {len(self.faults)} faults"
        )


class Proof:
    """Rounds of killing on one folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.folder = folder
        self.path = folder / "proof.salesops"
        self.tally = Tally()
        self.migrated = self._undisturbed()
        """The content that a migration must come to; that it is the right one is tested elsewhere."""
        self.begin()

    def _undisturbed(self) -> str:
        path = self.folder / "undisturbed.salesops"
        path.write_bytes(gzip.decompress(V1.read_bytes()))
        with Workspace.open(path) as workspace, workspace.read() as connection:
            content = content_hash(connection)
        path.unlink()
        shutil.rmtree(self.folder / "undisturbed.salesops-backups")
        return content

    def begin(self) -> None:
        """A fresh workspace, so that the files stay small."""
        self.path.unlink(missing_ok=True)
        self.finished: set[str] = set()
        """Batches whose import was written down as finished."""
        with Workspace.create(self.path) as workspace, workspace.action("Import first") as unit:
            unit.connection.exec_driver_sql(ADD, (ROWS, "first", "first"))

    def round(self, number: int, kind: str) -> None:
        """One child, one kill, one check."""
        if kind == "migrate":
            for file in self.folder.glob("*again*"):
                shutil.rmtree(file) if file.is_dir() else file.unlink()
            path = self.folder / "old.salesops"
            shutil.rmtree(self.folder / "old.salesops-backups", ignore_errors=True)
            for file in self.folder.glob("old.salesops*"):
                file.unlink()
            path.write_bytes(gzip.decompress(V1.read_bytes()))
        else:
            path = self.path
        notes = self.folder / f"notes {number}"
        context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
        child = context.Process(target=quiet, args=(kind, path, notes, f"b{number}"), daemon=True)
        child.start()
        self._wait(notes, child)
        time.sleep(self.rng.uniform(0, 0.25))
        died_early = not child.is_alive()
        if child.pid is not None and not died_early:
            os.kill(child.pid, signal.SIGKILL)
        child.join(30)
        self.tally.kills[kind] += 1
        if died_early:
            self.tally.faults.append(f"round {number} ({kind}): the child ended by itself with {child.exitcode}")
        wal = path.with_name(path.name + "-wal")
        self.tally.unfolded += wal.exists() and wal.stat().st_size > 0
        faults = self._check(path, kind, lines_of(notes))
        self.tally.faults += [f"round {number} ({kind}): {fault}" for fault in faults]
        notes.unlink(missing_ok=True)

    def _wait(self, notes: Path, child: multiprocessing.process.BaseProcess) -> None:
        limit = time.monotonic() + 60
        while not lines_of(notes) and child.is_alive() and time.monotonic() < limit:
            time.sleep(0.002)

    def _check(self, path: Path, kind: str, notes: list[str]) -> list[str]:
        done = [line.removeprefix("done").strip() for line in notes if line.startswith("done")]
        self.tally.finished += len(done)
        if kind == "import":
            self.finished.update(done)
        files = [path, *self.folder.glob("again *.salesops")] if kind == "migrate" else [path]
        faults = []
        for file in files:
            try:
                with Workspace.open(file) as workspace:
                    faults += self._content_faults(workspace, kind, done)
            except Exception as error:  # noqa: BLE001  # any failure is a fault of the proof, told with its round
                faults.append(f"{type(error).__name__}: {error}")
        if kind == "export":
            faults += self._export_faults()
        left = [p.name for p in self.folder.glob("*.salesops-*") if p.is_file()]
        return faults + [f"left behind: {name}" for name in left]

    def _content_faults(self, workspace: Workspace, kind: str, done: list[str]) -> list[str]:
        faults = list(workspace.check().faults)
        if kind == "migrate":
            with workspace.read() as connection:
                content = content_hash(connection)
                if connection.exec_driver_sql("PRAGMA user_version").scalar() == 1:
                    faults.append("still of the first form")
            if content != self.migrated:
                faults.append("rows differ after the migration")
            return faults
        with workspace.read() as connection:
            run = connection.exec_driver_sql
            halves = run("SELECT segment, count(*) FROM account GROUP BY segment HAVING count(*) <> ?", (ROWS,)).all()
            actions = {str(row[0]) for row in run("SELECT id FROM action")}
            imports = {row[0].removeprefix("Import ") for row in run("SELECT name FROM action WHERE kind = 'import'")}
            in_force = {
                row[0].removeprefix("Import ")
                for row in run(
                    "SELECT name FROM action WHERE kind <> 'undo' AND kind <> 'redo' AND undone_by_id IS NULL"
                )
            }
            there = set(run("SELECT DISTINCT segment FROM account").scalars())
        faults += [f"half an action: {row}" for row in halves]
        if there != in_force:
            faults.append(
                f"the history says {sorted(in_force ^ there)[:3]} is there, the rows say otherwise, or vice versa"
            )
        lost = self.finished - imports if kind != "undo" else set(done) - actions
        faults += [f"lost: {name}" for name in sorted(lost)]
        return faults

    def _export_faults(self) -> list[str]:
        export = self.folder / "export.txt"
        if not export.exists():
            return []
        content = export.read_bytes()
        whole = hashlib.sha256(content[64:]).hexdigest().encode() == content[:64]
        return [] if whole else ["the export is torn"]


def quiet(kind: str, path: Path, notes: Path, batch: str) -> None:
    """A child's work, without its traceback when the parent goes first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    WORK[kind](path, notes, batch)


def prove(kills: int, seed: int, folder: Path) -> Tally:
    """``kills`` rounds of all kinds in turn.

    Args:
        kills: how many processes to kill.
        seed: of the moments.
        folder: an empty folder to work in.
    """
    proof = Proof(folder, seed)
    kinds = ["import", "undo", "migrate", "export"]
    for number in range(kills):
        if number and number % 20 == 0:
            proof.begin()
        proof.round(number, kinds[number % len(kinds)])
    return proof.tally


def main() -> int:
    """Print the tally; 1 when anything was found wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = prove(arguments.kills, arguments.seed, Path(folder))
    print(tally)
    for fault in tally.faults:
        print("  " + fault)
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
