"""What the database refuses of the tables that are kept, table by table from the list of models."""

import json

import pytest
from django.apps import apps
from django.core import checks
from django.core.management import call_command
from django.db import InternalError, connection, models, transaction

from certportal.foundation import clock
from certportal.foundation.database import kept_tables
from certportal.foundation.database.kept_tables import ALWAYS, Kept, keeping
from certportal.foundation.models import Event

MODELS = kept_tables.every_model()
KEPT = [model for model in MODELS if isinstance(keeping(model), Kept)]
# Two values of each type of column: what stands, and what somebody would put in its place.
VALUES = {
    "uuid": ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"),
    "bool": ("false", "true"),
    "timestamptz": ("2026-11-02 09:00+02", "2026-11-03 09:00+02"),
    "date": ("2026-11-02", "2026-11-03"),
    "jsonb": (json.dumps({"a": 1}), json.dumps({"b": 2})),
    "inet": ("192.0.2.1", "192.0.2.2"),
    "_varchar": ("{a}", "{b}"),
    "tsvector": ("a", "b"),
    "bytea": ("\\x30", "\\x31"),
    "varchar": ("a", "b"),
    "text": ("a", "b"),
    **dict.fromkeys(["int2", "int4", "int8"], ("1", "2")),
}


def name(model):
    return model._meta.label


def run(sql, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values or None)


def refused(sql, *values):
    try:
        run(sql, *values)
    except InternalError as error:
        return "is kept as it is" in str(error)
    return False


@pytest.fixture
def copy(db):
    """Make a bare copy of a kept table, with its function and one row, to try changes on.

    The real tables have constraints of their own, by which no row could be made without the
    whole way of an order.
    """

    def made(model, **values):
        table = model._meta.db_table
        run("DROP TABLE IF EXISTS copied")
        run(f'CREATE TEMPORARY TABLE copied (LIKE "{table}") ON COMMIT DROP')
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT attname, typname FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid"
                " WHERE attrelid = 'copied'::regclass AND attnum > 0"
            )
            types = dict(cursor.fetchall())
        row = {column: values.get(column, VALUES[type_][0]) for column, type_ in types.items()}
        names = ", ".join(f'"{column}"' for column in row)
        run(
            f"INSERT INTO copied ({names}) VALUES ({', '.join(['%s'] * len(row))})",
            *row.values(),
        )
        run(
            "CREATE TRIGGER kept_rows BEFORE UPDATE OR DELETE ON copied"
            f' FOR EACH ROW EXECUTE FUNCTION "{table}_kept"()'
        )
        return {column: VALUES[type_][1] for column, type_ in types.items()}

    return made


def may_change(model):
    """Return the columns that the declaration lets change in some way."""
    said = keeping(model)
    if said.fixed:
        return {one.name for one in model._meta.concrete_fields} - {*said.fixed}
    return {
        *said.changing,
        *said.until_closed,
        *said.once,
        *said.moves,
        *said.erased,
        *said.rewritten,
    }


def test_every_model_says_how_its_table_is_kept():
    silent = [name(one) for one in MODELS if keeping(one) is None]
    assert silent == [], "say `keeping = Kept(...)` or `Ordinary('why')`"
    others = [keeping(one) for one in MODELS if one not in KEPT]
    assert all(len(said.why) > 10 for said in others)


def test_a_model_that_says_nothing_is_noticed():
    class Forgotten(models.Model):
        class Meta:
            app_label = "foundation"

    try:
        assert Forgotten in kept_tables.every_model()
        assert keeping(Forgotten) is None
    finally:
        del apps.all_models["foundation"]["forgotten"]
        apps.clear_cache()


def test_the_database_has_the_triggers_that_the_models_declare(db):
    assert [name(one) for one in MODELS if not kept_tables.is_kept_as_said(connection, one)] == []


def test_a_kept_table_is_never_truncated(db):
    for table in (model._meta.db_table for model in KEPT):
        with pytest.raises(
            InternalError, match=f"^{table} is kept as it is: it is never truncated"
        ):
            run(f'TRUNCATE "{table}" CASCADE')


def test_a_column_that_nobody_named_never_changes(copy):
    for model in KEPT:
        others, free = copy(model), may_change(model)
        fixed = [one.column for one in model._meta.concrete_fields if one.name not in free]
        assert fixed
        for column in fixed:
            told = name(model), column
            assert refused(f'UPDATE copied SET "{column}" = %s', others[column]), told


def test_what_is_set_once_stands(copy):
    for model in KEPT:
        columns = {one.name: one for one in model._meta.concrete_fields}
        others = copy(model)
        for one in (columns[each] for each in keeping(model).once):
            told = name(model), one.column
            assert refused(f'UPDATE copied SET "{one.column}" = %s', others[one.column]), told
            if one.null:
                assert refused(f'UPDATE copied SET "{one.column}" = NULL'), told


def test_a_row_goes_only_where_the_declaration_lets_it(copy):
    for model in KEPT:
        copy(model)
        said = keeping(model)
        if said.deletable == ALWAYS:
            run("DELETE FROM copied")
        elif not said.deletable:
            assert refused("DELETE FROM copied"), name(model)


def test_the_conditions_of_deletion_are_about_matters_still_open():
    conditions = {name(one): keeping(one).deletable for one in KEPT if keeping(one).deletable}
    assert {each for each, condition in conditions.items() if condition == ALWAYS} == {
        "foundation.EventOrigin",
        "accounts.Identifier",
        "accounts.RightDocument",
        "applications.SentNotice",
    }
    assert {each for each, condition in conditions.items() if condition != ALWAYS} == {
        "accounts.Invitation",
        "accounts.AdministratorRequest",
        "applications.Application",
        "applications.BulkOrder",
        "applications.Attachment",
        "applications.ContactLink",
        "applications.Csr",
        "applications.Paper",
        "issuance.BlockedKey",  # goes on as an EndedBlock
    }


def test_an_accepted_invitation_stays_and_one_that_waits_may_go(copy):
    from accounts.models import Invitation

    copy(Invitation, accepted_at=None)
    run("DELETE FROM copied")


def test_an_accepted_invitation_does_not_change_but_for_its_address(copy):
    from accounts.models import Invitation

    copy(Invitation)
    assert refused("DELETE FROM copied")
    assert refused("UPDATE copied SET sent = 2")
    assert refused("UPDATE copied SET email = 'toinen@example.fi'")
    run("UPDATE copied SET email = ''")


def what_is_wrong_with_the_database():
    return checks.run_checks(
        databases=["default"], tags=["database"], include_deployment_checks=True
    )


def test_a_table_without_its_trigger_is_told_and_migrate_makes_it_anew(db):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE foundation_event DISABLE TRIGGER kept_rows")
    (error,) = what_is_wrong_with_the_database()
    assert error.id == "foundation.E003"
    assert "foundation_event" in error.msg
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER kept_rows ON foundation_event")
    call_command("migrate", verbosity=0, skip_checks=False)  # as on the command line
    assert what_is_wrong_with_the_database() == []
    now = clock.now()
    Event.objects.create(
        at=now, actor="system:test", action="test.done", object_type="test", object_id="1"
    )
    assert refused("DELETE FROM foundation_event")


def test_what_is_no_longer_declared_kept_loses_its_triggers(db, monkeypatch):
    from issuance.models import BlockedKey

    monkeypatch.setattr(BlockedKey, "keeping", kept_tables.Ordinary("for this test alone"))
    call_command("migrate", verbosity=0)
    assert kept_tables.is_kept_as_said(connection, BlockedKey)
    run("TRUNCATE issuance_blockedkey")
