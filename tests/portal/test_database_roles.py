"""Each process's account of the database writes what it may, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import StringIO
from pathlib import Path

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from pytest_django import Settings

from accounts.models import Organisation, Person
from accounts.register.mirror import imports
from accounts.register.models import RegisterRecord
from accounts.register.source import files
from accounts.services.rights import staff_roles
from applications import services as applications
from applications.rules import order_search
from applications.services import order_numbers
from certportal.dev.builders import orders
from certportal.foundation import events
from certportal.foundation.actors import system
from certportal.foundation.database import database_roles
from certportal.foundation.database.database_roles import Role
from certportal.foundation.database.kept_tables import every_model
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.events import Subject
from certportal.foundation.models import Event
from issuance import services
from issuance.models import Approval, Certificate, IssuingCA, SigningLease
from tests.issuance.conftest import approve_by
from tests.issuance.orders import server_order
from tests.stack import ROLE_OF, ROOT, database_url

pytestmark = pytest.mark.django_db
TESTS = system("test")
REFUSALS = r"(permission denied|must be owner)"
DECISION = ROOT / "docs/decisions/database-roles.md"


@contextmanager
def as_role(role: Role) -> Iterator[None]:
    """Be this account of the database in the block; what fails there takes this back, too."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {role}")
        yield
        cursor.execute("RESET ROLE")


def may(role: Role, what: str, table: str) -> bool:
    """Whether the account may do this with every column, or with any, of the table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%s, %s, %s) OR (%s IN ('INSERT', 'UPDATE')"
            " AND has_any_column_privilege(%s, %s, %s))",
            [role, table, what, what, role, table, what],
        )
        return bool(cursor.fetchone()[0])


def refused(role: Role, statement: str) -> None:
    """Require that the database refuses the statement to the account."""
    with (
        pytest.raises(ProgrammingError, match=REFUSALS),
        transaction.atomic(),
        as_role(role),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def writers(what: str, table: str) -> set[Role]:
    return {role for role in Role if may(role, what, table)}


def test_events_are_inserted_by_all_and_changed_and_deleted_by_nobody() -> None:
    assert writers("INSERT", "foundation_event") == {Role.WEB, Role.WORKER, Role.CA}
    for what in ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER"):
        assert writers(what, "foundation_event") == set(), what
    for role in Role:
        refused(role, "UPDATE foundation_event SET actor = 'x'")
        refused(role, "DELETE FROM foundation_event")
        refused(role, "TRUNCATE foundation_event CASCADE")
        refused(role, "ALTER TABLE foundation_event DISABLE TRIGGER ALL")
        refused(role, "SELECT setval('foundation_event_id_seq', 1)")
        refused(role, "CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql AS ''")


def test_certificates_authorities_and_the_lease_are_the_signers_alone() -> None:
    for table in ("certificate", "preparedcertificate", "issuingca", "signinglease"):
        assert writers("INSERT", f"issuance_{table}") == {Role.CA}, table
    for table in ("issuingca", "signinglease", "revokedserial", "ocspresponder"):
        assert writers("UPDATE", f"issuance_{table}") <= {Role.CA}, table
        refused(Role.WEB, f"SELECT 1 FROM issuance_{table} FOR UPDATE")
    refused(Role.WEB, "UPDATE issuance_certificate SET der = '', serial = '1'")
    refused(Role.WEB, "UPDATE issuance_signinglease SET term = 99")
    refused(Role.WORKER, "UPDATE issuance_issuingca SET state = 'active'")


def test_approvals_are_inserted_by_web_alone_and_stay() -> None:
    assert writers("INSERT", "issuance_approval") == {Role.WEB}
    assert writers("UPDATE", "issuance_approval") == writers("DELETE", "issuance_approval") == set()


def test_a_block_is_ended_by_web_alone_and_its_history_stays() -> None:
    assert writers("DELETE", "issuance_blockedkey") == {Role.WEB}
    for table in ("issuance_blockending", "issuance_endedblock"):
        assert writers("INSERT", table) == {Role.WEB}, table
        assert writers("DELETE", table) == set(), table
    assert writers("UPDATE", "issuance_endedblock") == set()
    refused(Role.WEB, "UPDATE issuance_blockedkey SET may_be_certified = false")


def test_what_the_authority_need_not_test_again_is_recorded_by_workers_alone() -> None:
    assert writers("INSERT", "issuance_soundkey") == {Role.WORKER}
    assert writers("UPDATE", "issuance_soundkey") == {Role.WORKER}


def test_the_signer_writes_nothing_of_people() -> None:
    for table in ("person", "staffrole", "user", "membership", "identifier"):
        assert Role.CA not in writers("INSERT", f"accounts_{table}"), table
        assert Role.CA not in writers("UPDATE", f"accounts_{table}"), table
    assert Role.CA not in writers("INSERT", "mfa_authenticator")
    # Hence `reissue run`, which locks accounts, and `restore_events` are the owner's in docs/.
    refused(Role.CA, "SELECT 1 FROM accounts_organisation FOR UPDATE")


def test_the_workers_give_no_role_and_no_second_factor() -> None:
    for table in ("accounts_staffrole", "mfa_authenticator"):
        assert writers("INSERT", table) == writers("UPDATE", table) == {Role.WEB}, table


def test_what_orders_are_found_by_follows_and_is_written_by_no_account(
    matti: Person, cas: dict[str, IssuingCA]
) -> None:
    for what in ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER"):
        assert writers(what, "applications_searchentry") == set(), what
    with as_role(Role.WEB):
        draft = orders.draft(matti)
        assert order_search.find("erecept").orders == [str(draft.pk)]
    refused(Role.WEB, f"SELECT applications_index_orders(ARRAY['{draft.pk}'::uuid])")
    for role in (Role.CA, Role.METRICS):
        refused(role, f"SELECT applications_lock_entries(ARRAY['{draft.pk}'::uuid])")
    with as_role(Role.WORKER):
        Organisation.objects.filter(pk=draft.organisation_id).update(name="Metsäapteekki")
        assert order_search.find("metsäap").orders == [str(draft.pk)]
    with as_role(Role.WEB):
        applications.discard(draft.pk, **orders.Handler(matti, draft).seen)
    assert order_search.find("erecept").orders == []


def test_who_tells_metrics_writes_nothing() -> None:
    for model in every_model():
        for what in ("INSERT", "UPDATE", "DELETE"):
            assert not may(Role.METRICS, what, model._meta.db_table), model


@pytest.mark.parametrize("role", [Role.WEB, Role.WORKER])
def test_who_makes_orders_counts_on_from_the_file_if_the_database_is_behind(
    db: None, role: Role, settings: Settings, tmp_path: Path, now: datetime
) -> None:
    settings.PORTAL_DATA = tmp_path
    order_numbers.next_number(now)
    highest = order_numbers.highest_path()
    ahead = int(highest.read_text()) + 7
    highest.write_text(f"{ahead}\n")
    with as_role(role):
        order_numbers.next_number(now)
    assert highest.read_text() == f"{ahead + 1}\n"


def test_every_process_that_uses_the_database_has_its_account() -> None:
    assert set(ROLE_OF.values()) == {*Role}
    tables = {model._meta.db_table for model in every_model()}
    assert set(database_roles.WRITERS) <= tables


def test_the_table_of_the_decision_is_that_of_the_code() -> None:
    lines = ["| table | web | workers | `ca` |", "|---|---|---|---|"]
    for table, model in sorted((model._meta.db_table, model) for model in every_model()):
        if table in database_roles.WRITERS:
            cells = {right.role: _in_words(right) for right in database_roles.rights(model)}
            writing = " | ".join(cells[role] for role in (Role.WEB, Role.WORKER, Role.CA))
            lines.append(f"| `{table}` | {writing} |")
    lines.append("| all others | as it is kept | as it is kept | – |")
    assert "\n".join(lines) in DECISION.read_text()


def _in_words(right: database_roles.Right) -> str:
    verbs = [
        *(["insert"] if right.insert else []),
        *(["change"] if right.columns is None else []),
        *([f"change {', '.join(right.columns)}"] if right.columns else []),
        *(["delete"] if right.delete else []),
    ]
    return ", ".join(verbs) or "–"


def test_granting_again_takes_back_what_was_given_by_hand() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT ALL ON foundation_event TO {Role.WEB}")
        assert may(Role.WEB, "DELETE", "foundation_event")
        call_command("grant_roles", verbosity=0)
        assert not may(Role.WEB, "DELETE", "foundation_event")
        assert may(Role.WEB, "INSERT", "foundation_event")


def test_the_accounts_get_the_passwords_of_their_files(tmp_path: Path) -> None:
    (tmp_path / "database_url_web").write_text(f"postgres://{Role.WEB}:first%2F1@db/portal\n")
    (tmp_path / "database_url_ca").write_text("postgres://owner:other@db/portal")
    said = StringIO()
    call_command("grant_roles", accounts=tmp_path, stdout=said)
    assert str(Role.WEB) in said.getvalue()
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [Role.WEB])
        assert cursor.fetchone()[0].startswith("SCRAM-SHA-256$")
        cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [Role.CA])
        assert cursor.fetchone()[0] is None


def test_a_password_that_would_be_cut_short_is_not_set(tmp_path: Path) -> None:
    (tmp_path / "database_url_web").write_text(f"postgres://{Role.WEB}:s3cr/et@db/portal\n")
    with pytest.raises(CommandError, match="database_url_web") as refused:
        call_command("grant_roles", accounts=tmp_path)
    assert "s3cr" not in str(refused.value)


def test_where_all_share_the_owner_s_account_nothing_is_made_or_granted(tmp_path: Path) -> None:
    for kind in ("web", "worker", "ca", "metrics"):
        (tmp_path / f"database_url_{kind}").write_text("postgres://owner:one@db/portal\n")
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE INSERT ON foundation_event FROM {Role.WEB}")
        said = StringIO()
        call_command("grant_roles", accounts=tmp_path, stdout=said)
        assert "nothing was granted" in said.getvalue()
        assert not may(Role.WEB, "INSERT", "foundation_event")


def test_whoever_does_not_own_the_tables_is_told_what_is_needed() -> None:
    with (
        pytest.raises(CommandError, match="owns the tables"),
        transaction.atomic(),
        as_role(Role.WEB),
    ):
        call_command("grant_roles")


def test_a_certificate_is_prepared_approved_signed_and_revoked_each_by_its_own(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    order = server_order(pharmacy)
    with as_role(Role.CA):
        prepared = services.prepare(order, now=now)
    with as_role(Role.WEB):
        approve_by(riitta, prepared, now)
    with as_role(Role.CA):
        certificate = services.issue(order.reference, now=now)
        assert certificate is not None
        services.publish_crl(certificate.issuing_ca, now=now)
    with as_role(Role.WEB):
        services.revoke(certificate.pk, "key_compromise", actor=TESTS, now=now)
    with as_role(Role.CA):
        services.publish_crl_with(certificate.pk, now=now)
        services.publish_response_with(certificate.pk, now=now)
        assert services.reconcile(mend=False, now=now) == []
    assert Certificate.objects.get().state == "revoked"
    assert Approval.objects.count() == 1
    assert SigningLease.objects.count() == 1


@pytest.mark.parametrize("role", [Role.WEB, Role.WORKER, Role.CA])
def test_every_process_records_what_it_does(db: None, role: Role, now: datetime) -> None:
    with as_role(role):
        events.record(ServiceEvent.FEEDBACK_GIVEN, Subject("x", 1), TESTS, now)
    event = Event.objects.get(object_type="x")
    assert (event.action, event.actor) == (str(ServiceEvent.FEEDBACK_GIVEN), str(TESTS))


def test_an_import_is_the_workers_and_roles_are_given_in_web(maija: Person, now: datetime) -> None:
    before = RegisterRecord.objects.count()
    with as_role(Role.WORKER):
        for kind, rows in files.read_files([*files.SAMPLE_UNITS]).items():
            imports.import_rows(kind, rows, imports.Source("sample"), now=now)
    assert RegisterRecord.objects.count() == before
    with as_role(Role.WEB):
        staff_roles.grant_reviewer(maija, by=None, actor=TESTS, now=now)


def test_an_empty_mirror_is_filled_by_the_worker(db: None, now: datetime) -> None:
    with as_role(Role.WORKER):
        for kind, rows in files.read_files([*files.SAMPLE_UNITS]).items():
            imports.import_rows(kind, rows, imports.Source("sample"), now=now)
    assert RegisterRecord.objects.exists()


def test_an_account_logs_in_and_is_no_owner(db: None) -> None:
    made = psycopg2.connect(database_url(), user=Role.WEB)
    with made.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (Role.WEB, False)
    made.close()
