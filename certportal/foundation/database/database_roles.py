"""Which process may write which table: a database account for each kind of process.

All accounts may read all tables. This module says for each table which accounts insert and change
rows; which columns may change, and whether rows may be deleted, follows from the model's `keeping`
(`kept_tables`). The tables belong to the account that migrates, which no process uses. See
docs/decisions/database-roles.md.
"""

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import NamedTuple

from django.db import connection, transaction
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from certportal.foundation.database.kept_tables import Kept, Model, every_model, keeping
from certportal.foundation.database.statements import execute


class Role(StrEnum):
    """The accounts, by their names in the database."""

    WEB = "portal_web"
    WORKER = "portal_worker"
    CA = "portal_ca"
    METRICS = "portal_metrics"


class Writers(NamedTuple):
    """Who may insert, change and delete rows of a table, as far as the model's `keeping` allows."""

    insert: Collection[Role]
    change: Collection[Role]
    delete: Collection[Role]


_ALL = (Role.WEB, Role.WORKER, Role.CA)
_PEOPLE = (Role.WEB, Role.WORKER)
_CA_ALONE = Writers([Role.CA], [Role.CA], [])
_WORKER_ALONE = Writers([Role.WORKER], [Role.WORKER], [Role.WORKER])
_NOBODY = Writers([], [], [])
_USUAL = Writers(_PEOPLE, _PEOPLE, _PEOPLE)
"""For tables of accounts, orders and sessions: web, and the workers that continue its work."""

WRITERS: dict[str, Writers] = {
    "foundation_event": Writers(_ALL, [], []),
    "foundation_eventorigin": Writers(_ALL, [], [Role.WORKER]),
    "foundation_outboxitem": Writers(_ALL, _ALL, [Role.WORKER]),
    "foundation_tally": Writers(_ALL, _ALL, [Role.WORKER]),
    # What the CA signs and publishes.
    "issuance_certificate": Writers([Role.CA], _ALL, []),  # web revokes
    "issuance_preparedcertificate": Writers([Role.CA], _ALL, []),
    "issuance_issuingca": _CA_ALONE,
    "issuance_ocspresponder": _CA_ALONE,
    "issuance_revokedserial": _CA_ALONE,
    "issuance_signinglease": _CA_ALONE,
    "issuance_seal": _CA_ALONE,
    "issuance_sealedpaper": _CA_ALONE,
    "issuance_ceremonyrecord": Writers([Role.CA], [Role.WORKER], []),
    # Input to the CA.
    "issuance_approval": Writers([Role.WEB], [], []),
    "issuance_blockedkey": Writers(_ALL, _ALL, [Role.WEB]),  # only web ends blocks
    "issuance_soundkey": _WORKER_ALONE,
    "issuance_blockending": Writers([Role.WEB], [Role.WEB], []),
    "issuance_endedblock": Writers([Role.WEB], [], []),
    # A mass replacement is planned beside the journal, which only the signer reads.
    "applications_replacement": Writers(_ALL, _ALL, []),
    "applications_replacementitem": Writers(_ALL, _ALL, []),
    # Rights and second factors; a worker deletes expired ones.
    "accounts_staffrole": Writers([Role.WEB], [Role.WEB], []),
    "mfa_authenticator": Writers([Role.WEB], [Role.WEB], _PEOPLE),
    # The mirror of the registers.
    "register_registerrecord": _WORKER_ALONE,
    "register_registerword": _WORKER_ALONE,
    "register_registerrun": Writers([Role.WORKER], _PEOPLE, []),
    # The search index: only triggers of the database write it.
    "applications_searchentry": _NOBODY,
    # Only `migrate` writes these.
    "auth_permission": _NOBODY,
    "django_content_type": _NOBODY,
}
"""Tables whose writers are not `_USUAL`. By name, since the foundation imports no app."""

_RESERVED = {
    "issuance_certificate": (Role.CA, {"listed"}),
    "issuance_blockedkey": (Role.WORKER, {"may_be_certified"}),
    "issuance_preparedcertificate": (Role.WORKER, {"csr_der", "findings", "concerned"}),
}
"""Columns that only one account may change, in tables that others change too."""

_SEQUENCES = {"applications_order_number": _PEOPLE}  # a worker creates the orders of replacements
"""Separate sequences, and who may set their values."""

_FUNCTIONS = {"applications_lock_entries": _PEOPLE}
"""Functions that run as their owner and are called by name, and who may call them."""

_MIRRORS = ["register_registerrecord", "register_registerword"]
"""Tables that an import has to ANALYZE, which needs the right MAINTAIN (PostgreSQL 17 on)."""
_WITH_MAINTAIN = 170_000


class Right(NamedTuple):
    """What a role may do with a table; `columns`: those it may change, None for all."""

    role: Role
    insert: bool
    columns: tuple[str, ...] | None
    delete: bool


def rights(model: Model) -> Iterator[Right]:
    """Yield what each role may do with the model's table besides reading it."""
    writers = WRITERS.get(model._meta.db_table, _USUAL)
    every, delete = _changing(model)
    for role in Role:
        columns = every
        keeper, reserved = _RESERVED.get(model._meta.db_table, (role, set()))
        if role != keeper and every is not None:
            columns = tuple(each for each in every if each not in reserved)
        yield Right(
            role,
            role in writers.insert,
            columns if role in writers.change else (),
            delete and role in writers.delete,
        )


def _changing(model: Model) -> tuple[tuple[str, ...] | None, bool]:
    """Return the columns that may change at all, None for all, and whether rows may be deleted."""
    kept = keeping(model)
    if not isinstance(kept, Kept):
        return None, True
    fields = {field.name: str(field.column) for field in model._meta.concrete_fields}
    named = {*kept.changing, *kept.until_closed, *kept.once, *kept.moves, *kept.erased}
    free = {*fields} - {*kept.fixed} if kept.fixed else named | {*kept.rewritten}
    return tuple(column for name, column in fields.items() if name in free), bool(kept.deletable)


def owns_tables() -> bool:
    """Whether this account owns every table, and so may grant rights to them."""
    ((owns,),) = execute(
        "SELECT bool_and(pg_has_role(tableowner, 'USAGE')) FROM pg_tables"
        " WHERE schemaname = 'public'"
    )
    return bool(owns)


def roles_there() -> set[Role]:
    """Return the accounts that exist on the database server."""
    found = execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [[*Role]])
    return {Role(name) for (name,) in found}


def make(role: Role) -> None:
    """Create the account without a password, unless it exists."""
    with connection.cursor() as cursor:
        # Accounts belong to the whole server, so another installation may create it concurrently.
        cursor.execute(
            sql.SQL(
                "DO $$ BEGIN CREATE ROLE {} LOGIN; EXCEPTION WHEN duplicate_object"
                " OR unique_violation THEN NULL; END $$"
            ).format(sql.Identifier(role))
        )


def set_password(role: Role, password: str) -> None:
    """Set the account's password; only its SCRAM verifier is sent to the server."""
    with connection.cursor() as cursor:
        verifier = encrypt_password(password, role, cursor.connection, "scram-sha-256")
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
        cursor.execute(statement.format(sql.Identifier(role), sql.Literal(verifier)))


@transaction.atomic
def grant() -> None:
    """Grant each account its rights, and revoke all others that it had."""
    with connection.cursor() as cursor:
        for statement in _statements():
            cursor.execute(statement)


def _statements() -> Iterator[sql.Composable]:
    everybody = sql.SQL(", ").join(map(sql.Identifier, Role))
    for template in (
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "REVOKE ALL ON SCHEMA public FROM {}",
        "GRANT USAGE ON SCHEMA public TO {}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}",
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}",
        "GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA public TO {}",
    ):
        yield sql.SQL(template).format(everybody)
    for model in every_model():
        for right in rights(model):
            yield from _grants(model._meta.db_table, right)
    for function, roles in _FUNCTIONS.items():
        name = sql.Identifier(function)
        yield sql.SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC, {}").format(name, everybody)
        may_call = sql.SQL(", ").join(map(sql.Identifier, roles))
        yield sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(name, may_call)
    if connection.pg_version >= _WITH_MAINTAIN:  # type: ignore[attr-defined]
        worker = sql.Identifier(Role.WORKER)
        for table in _MIRRORS:
            yield sql.SQL("GRANT MAINTAIN ON {} TO {}").format(sql.Identifier(table), worker)
    for sequence, roles in _SEQUENCES.items():
        for role in roles:
            names = sql.Identifier(sequence), sql.Identifier(role)
            yield sql.SQL("GRANT UPDATE ON SEQUENCE {} TO {}").format(*names)


def _grants(table: str, right: Right) -> Iterator[sql.Composable]:
    names = sql.Identifier(table), sql.Identifier(right.role)
    if right.insert:
        yield sql.SQL("GRANT INSERT ON {} TO {}").format(*names)
    if right.columns is None:
        yield sql.SQL("GRANT UPDATE ON {} TO {}").format(*names)
    elif right.columns:
        columns = sql.SQL(", ").join(map(sql.Identifier, right.columns))
        yield sql.SQL("GRANT UPDATE ({}) ON {} TO {}").format(columns, *names)
    if right.delete:
        yield sql.SQL("GRANT DELETE ON {} TO {}").format(*names)
