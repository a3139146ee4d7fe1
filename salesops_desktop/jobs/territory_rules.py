"""What must stay where it is: locked accounts and territories, named accounts, forbidden pairs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.territory_scenarios import named_scenario, person_called
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

_T = ValueKind.TEXT


def _counted(number: int) -> str:
    return f"{number:,} account{'' if number == 1 else 's'}"


def _refuse_strangers(connection: Connection, accounts: list[int], statement: str, *values: object) -> None:
    """Refuse accounts that ``statement``, a SELECT of row ids, does not find.

    Raises:
        InputRefusedError: with the first of them.
    """
    known = {int(row[0]) for row in connection.exec_driver_sql(statement, tuple(values))}
    strange = sorted(set(accounts) - known)
    if strange:
        listed = ", ".join(map(str, strange[:10])) + (" …" if len(strange) > 10 else "")
        raise InputRefusedError(f"There is no account {listed} here.", way_out="Use the row ids of show account.")


@job(
    "territories lock",
    title="Lock accounts",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories lock company.salesops 1 17 18", "territories lock company.salesops 1 17 --unlock"),
)
def lock_accounts(context: JobContext, scenario: int, accounts: list[int], *, unlock: bool = False) -> Sentences:
    """Lock accounts in their territories: designs based on this scenario leave them there, and moving is refused.

    Args:
        scenario: its number in the list.
        accounts: the accounts' row ids.
        unlock: unlock them instead.
    """
    with context.workspace.read() as connection:
        name = named_scenario(connection, scenario)
        _refuse_strangers(connection, accounts, "SELECT account_id FROM assignment WHERE scenario_id = ?", scenario)
    word = "Unlock" if unlock else "Lock"
    with context.workspace.action(f"{word} {_counted(len(accounts))} of {name}") as unit:
        unit.connection.exec_driver_sql(
            "UPDATE assignment SET locked = ? WHERE scenario_id = ? AND account_id IN (SELECT value FROM json_each(?))",
            (not unlock, scenario, json.dumps([int(account) for account in accounts])),
        )
    context.changed("assignment")
    return Sentences((f"{_counted(len(accounts))} {'un' if unlock else ''}locked in {name}.",))


@job(
    "territories lock-territory",
    title="Lock territories",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories lock-territory company.salesops 1 'Ana Weller'",),
)
def lock_territories(context: JobContext, scenario: int, territories: list[str], *, unlock: bool = False) -> Sentences:
    """Lock whole territories: designs based on this scenario keep their accounts with them.

    Args:
        scenario: its number in the list.
        territories: their names.
        unlock: unlock them instead.
    """
    with context.workspace.read() as connection:
        name = named_scenario(connection, scenario)
        rows = connection.exec_driver_sql("SELECT name, id FROM territory WHERE scenario_id = ?", (scenario,))
        known = {str(called): int(number) for called, number in rows}
    strange = [each for each in territories if each not in known]
    if strange:
        raise InputRefusedError(f"{name} has no territory called {', '.join(map(repr, strange))}.")
    word = "Unlock" if unlock else "Lock"
    with context.workspace.action(f"{word} {', '.join(territories)}") as unit:
        unit.connection.exec_driver_sql(
            "UPDATE territory SET locked = ? WHERE id = ?",
            [(not unlock, known[each]) for each in territories],
        )
    context.changed("territory")
    return Sentences((f"{word}ed in {name}: {', '.join(territories)}.",))


@job(
    "territories name-accounts",
    title="Name accounts for a person",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories name-accounts company.salesops 'Ana Weller' 17 18 --reason 'Board contact'",),
)
def name_accounts(context: JobContext, person: str, accounts: list[int], *, reason: str = "") -> Sentences:
    """Name accounts for a person: every new design gives them to that person.

    Args:
        person: the person's name.
        accounts: the accounts' row ids.
        reason: why.
    """
    return _rule(context, person, accounts, "named", reason)


@job(
    "territories forbid-accounts",
    title="Forbid accounts to a person",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories forbid-accounts company.salesops 'Ana Weller' 17 --reason 'Conflict of interest'",),
)
def forbid_accounts(context: JobContext, person: str, accounts: list[int], *, reason: str = "") -> Sentences:
    """Forbid accounts to a person: no new design gives them to that person.

    Args:
        person: the person's name.
        accounts: the accounts' row ids.
        reason: why.
    """
    return _rule(context, person, accounts, "forbidden", reason)


def _rule(context: JobContext, person: str, accounts: list[int], kind: str, reason: str) -> Sentences:
    with context.workspace.read() as connection:
        who = person_called(connection, person)
        _refuse_strangers(connection, accounts, "SELECT id FROM account")
        wanted = json.dumps([int(account) for account in accounts])
        taken = connection.exec_driver_sql(
            "SELECT a.name, p.name FROM account_rule r JOIN account a ON a.id = r.account_id "
            "JOIN person p ON p.id = r.person_id WHERE r.kind = 'named' AND r.person_id <> ? "
            "AND r.account_id IN (SELECT value FROM json_each(?)) LIMIT 1",
            (who, wanted),
        ).first()
    if kind == "named" and taken is not None:
        raise InputRefusedError(f"{taken[0]} is named for {taken[1]} already.", way_out="Take that rule back first.")
    word = "Name" if kind == "named" else "Forbid"
    link = "for" if kind == "named" else "to"
    with context.workspace.action(f"{word} {_counted(len(accounts))} {link} {person}") as unit:
        unit.connection.exec_driver_sql(
            "INSERT INTO account_rule (account_id, person_id, kind, reason) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (account_id, person_id) DO UPDATE SET kind = excluded.kind, reason = excluded.reason",
            [(int(account), who, kind, reason or None) for account in dict.fromkeys(accounts)],
        )
    context.changed("account_rule")
    return Sentences((f"{_counted(len(accounts))} {kind} {link} {person}.",))


@job(
    "territories forget-rules",
    title="Take rules for accounts back",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories forget-rules company.salesops 17 18 --person 'Ana Weller'",),
)
def forget_rules(context: JobContext, accounts: list[int], *, person: str = "") -> Sentences:
    """Take back that accounts are named for, or forbidden to, people.

    Args:
        accounts: the accounts' row ids.
        person: only the rules about this person; all by default.
    """
    with context.workspace.read() as connection:
        who = person_called(connection, person) if person else None
        _refuse_strangers(connection, accounts, "SELECT account_id FROM account_rule")
    with context.workspace.action(f"Take back the rules for {_counted(len(accounts))}") as unit:
        gone = unit.connection.exec_driver_sql(
            "DELETE FROM account_rule WHERE account_id IN (SELECT value FROM json_each(?)) "
            "AND (? IS NULL OR person_id = ?)",
            (json.dumps([int(account) for account in accounts]), who, who),
        ).rowcount
    context.changed("account_rule")
    return Sentences((f"{gone:,} rule{'' if gone == 1 else 's'} taken back.",))


@dataclass(frozen=True, slots=True)
class AccountRules:
    """Which accounts are named for, or forbidden to, whom."""

    table: Table
    """One row per rule; keys are the rules' row ids."""

    def summary(self) -> Sequence[str]:
        """How many there are."""
        return [] if len(self.table) else ["No account is named for, or forbidden to, anybody."]

    def tables(self) -> Sequence[Table]:
        """The rules."""
        return [self.table]


@job(
    "territories account-rules",
    title="Show rules for accounts",
    group="territories",
    examples=("territories account-rules company.salesops",),
)
def account_rules(context: JobContext) -> AccountRules:
    """Show which accounts are named for, or forbidden to, whom."""
    with context.workspace.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT r.id, a.name, p.name, r.kind, r.reason, a.id FROM account_rule r "
            "JOIN account a ON a.id = r.account_id JOIN person p ON p.id = r.person_id ORDER BY a.name, p.name"
        ).fetchall()
    specs = [
        ColumnSpec("account", "Account", _T),
        ColumnSpec("person", "Person", _T),
        ColumnSpec("kind", "Rule", _T),
        ColumnSpec("reason", "Reason", _T),
        ColumnSpec("account_id", "Account row", ValueKind.INTEGER),
    ]
    names = ("key", "account", "person", "kind", "reason", "account_id")
    made = [dict(zip(names, row, strict=True)) for row in rows]
    return AccountRules(build_table("Rules for accounts", specs, made, entity="account_rule", key="key"))
