"""Draft the revision that leads from the newest one to the models as they are now."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from salesops_desktop.workspace.connect import WRITE, Access, engine_for
from salesops_desktop.workspace.migrating import configuration, upgrade


def draft(words: str) -> None:
    """Write ``versions/<next number>_<words>.py``.

    Args:
        words: what the new form brings, as a sentence without its full stop.
    """
    config = configuration()
    newest = ScriptDirectory.from_config(config).get_current_head() or "0000"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "newest.salesops"
        path.touch()
        engine = engine_for(path, Access.WRITE)
        with engine.connect().execution_options(**{WRITE: True}) as connection, connection.begin():
            upgrade(connection, newest)
            config.attributes["connection"] = connection
            command.revision(config, words, autogenerate=True, rev_id=f"{int(newest) + 1:04}")
        engine.dispose()


if __name__ == "__main__":
    draft(" ".join(sys.argv[1:]) or "New form")
