"""What Alembic runs: the migrations on the connection it is handed, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.workspace.changelog import BEFORE
from salesops_desktop.workspace.schema import Base

progress: Progress = context.config.attributes.get("progress", silent)


def ours(name: str | None, kind: str, _parents: object) -> bool:
    """Before-images follow their tables by themselves."""
    return not (kind == "table" and name is not None and name.startswith(BEFORE))


def applied(ctx: object, step: object, heads: object, run_args: object) -> None:  # noqa: ARG001  # Alembic's names
    """Report each revision; the place where a person can still say stop."""
    progress(0, 0, "Bringing the workspace up to date")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
    include_name=ours,
    on_version_apply=applied,
)
context.run_migrations()
