"""Territories planned for a day that has come are current when the window opens the workspace."""

from __future__ import annotations

import datetime as dt
import shutil

from salesops_desktop.jobs import territories
from salesops_desktop.jobs.workspaces import open_workspace, opened


def test_opening_makes_current_what_is_due(designed_company, tmp_path):
    path = shutil.copy(designed_company, tmp_path / "due.salesops")
    today = dt.datetime.now(dt.UTC).date()
    with opened(path) as context:
        territories.make_current(context, 1, effective_from=today + dt.timedelta(days=2))
    open_workspace(path).close()
    with opened(path, read_only=True) as context:
        assert territories.scenarios(context).heads[0].status == "planned"
    yesterday = (today - dt.timedelta(days=1)).isoformat()
    with opened(path) as context, context.workspace.action("A day passes") as unit:
        unit.connection.exec_driver_sql("UPDATE scenario SET effective_from = ?", (yesterday,))
    open_workspace(path, read_only=True).close()
    with opened(path, read_only=True) as context:
        said = territories.show_territories(context).sentences
    assert f"Draft is due since {yesterday}: territories due makes it current." in said
    workspace = open_workspace(path)
    try:
        with workspace.read() as connection:
            status = connection.exec_driver_sql("SELECT status FROM scenario").scalar()
            elsewhere = connection.exec_driver_sql(
                "SELECT count(*) FROM assignment s JOIN territory t ON t.id = s.territory_id "
                "JOIN account a ON a.id = s.account_id WHERE a.owner_id IS NOT t.person_id"
            ).scalar()
        assert (status, elsewhere) == ("current", 0)
        assert workspace.undo_name == "Undo Make Draft current"
    finally:
        workspace.close()
