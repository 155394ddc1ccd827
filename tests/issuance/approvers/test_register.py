"""The register of approvers: enrolled by what is read out, and no copy but the newest counts."""

from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as live
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import Person
from accounts.services.rights import staff_roles
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.models import Event
from certportal.operations import self_checks
from issuance.approvers.register import BadRegister, Register
from issuance.journal import CopyUnavailable
from issuance.services.approvers import enrol, register
from issuance.services.approvers.enrol import NotEnrolled
from issuance.services.approvers.register import RegisterUnavailable
from issuance.services.errors import AlreadyThere
from issuance.services.event_log import key
from tests.doubles.passkey import Passkey
from tests.issuance.approvers.conftest import Enrol, add
from tests.tables import unkept

OLLI = {"operator": "Olli Operaattori", "actor": system("end_approver")}


def ended(passkey: Passkey, now: datetime) -> None:
    enrol.end(passkey.fingerprint, now=now, **OLLI)  # type: ignore[arg-type]


def test_it_is_enrolled_by_the_fingerprint_that_is_read_out(
    enrolled: Enrol, riitta: Person, riittas: Passkey, now: datetime
) -> None:
    enrolled(riitta, riittas)
    (entry,) = register.read().approvers
    assert (entry.person, entry.credential) == (str(riitta.pk), riittas.credential)
    event = Event.objects.get(action="issuance.approver_enrolled")
    assert event.data["register"] == register.read().digest
    assert event.data["person"] == str(riitta.pk)
    kept = Path(live.PORTAL_DATA) / "journal" / register.NAME
    assert kept.read_bytes() == register.path().read_bytes()  # which backups have


def test_a_row_swapped_in_the_database_is_refused(
    enrolled: Enrol, riitta: Person, riittas: Passkey
) -> None:
    """Somebody has put a key of their own into the row of Riitta's passkey."""
    theirs = Passkey(name=riittas.name)
    row = Authenticator.objects.get(user__person=riitta)
    row.data["credential"] = theirs.registration(b"\x01" * 32)
    row.save()
    with pytest.raises(NotEnrolled, match="toinen pääsyavain kuin käsittelijän kädessä"):
        enrolled(riitta, riittas)
    refused = Event.objects.get(action="issuance.approver_refused")
    assert (refused.refused, refused.object_id) == (True, str(riitta.pk))
    assert not register.path().exists()


def test_of_several_passkeys_the_one_read_out_and_unreadable_rows_are_passed_over(
    enrolled: Enrol, riitta: Person, riittas: Passkey
) -> None:
    Authenticator.objects.create(
        user=riitta.logins.get(), type=Authenticator.Type.WEBAUTHN, data={"credential": {}}
    )
    second = add(riitta, Passkey(name=b"riitta's second key"))
    assert enrolled(riitta, second).credential == second.credential


def test_only_a_reviewer_s_own_and_only_once(
    enrolled: Enrol, riitta: Person, riittas: Passkey, raimo: Person, matti: Person
) -> None:
    with pytest.raises(NotEnrolled, match="Millään henkilön"):
        enrolled(raimo, riittas)
    with pytest.raises(NotEnrolled, match="ei ole käsittelijä"):
        enrolled(matti, add(matti, Passkey(name=b"matti's key")))
    enrolled(riitta, riittas)
    with pytest.raises(AlreadyThere):
        enrolled(riitta, riittas)


def test_what_is_ended_is_kept_and_may_be_enrolled_anew(
    enrolled: Enrol, riitta: Person, riittas: Passkey, now: datetime
) -> None:
    first = enrolled(riitta, riittas)
    later = now + timedelta(days=1)
    ended(riittas, later)
    found = register.read()
    assert found.in_force(first.credential_id, now) is not None
    assert found.in_force(first.credential_id, later) is None
    with pytest.raises(NotEnrolled):
        ended(riittas, later)
    enrolled(riitta, riittas, now=later + timedelta(days=1))
    assert [each.until for each in register.read().approvers] == [later, None]
    assert register.read().number == 3


def test_an_older_copy_put_back_is_refused(
    enrolled: Enrol, riitta: Person, riittas: Passkey, now: datetime
) -> None:
    enrolled(riitta, riittas)
    older = register.path().read_bytes()
    ended(riittas, now)
    register.path().write_bytes(older)
    with pytest.raises(RegisterUnavailable, match="an older copy"):
        register.read()
    register.path().unlink()
    with pytest.raises(RegisterUnavailable, match="an older copy"):
        register.read()


def test_a_register_that_somebody_else_has_signed_is_refused(
    enrolled: Enrol, riitta: Person, riittas: Passkey, now: datetime
) -> None:
    enrolled(riitta, riittas)
    ours = register.path().read_text()
    for name in (".key", ".vkey"):
        key._path(name).unlink()
    with pytest.raises(RegisterUnavailable, match="no key"):
        register.read()
    key.make("log.example.fi/events")
    with pytest.raises(RegisterUnavailable, match="not signed by the log's key"):
        register.read()
    register.path().write_text(key.load().sign("something else\n"))
    with pytest.raises(RegisterUnavailable, match="malformed"):
        register.read()
    register.path().write_text(ours.replace("production", "productiom"))
    with pytest.raises(RegisterUnavailable):
        register.read()
    register.path().write_bytes(b"\xff")
    with pytest.raises(RegisterUnavailable):
        register.read()


def test_a_change_that_was_cut_short_is_finished_by_the_next_command(
    enrolled: Enrol, riitta: Person, riittas: Passkey, raimo: Person, raimos: Passkey
) -> None:
    """The file was written, and the machine died before the event was committed."""
    enrolled(riitta, riittas)
    with unkept():
        Event.objects.filter(action="issuance.approver_enrolled").delete()
    with pytest.raises(RegisterUnavailable, match="interrupted"):
        register.read()
    enrolled(raimo, raimos)
    told = Event.objects.filter(action="issuance.approver_enrolled").order_by("pk")
    assert [each.data["person"] for each in told] == [str(riitta.pk), str(raimo.pk)]
    assert [each.person for each in register.read().approvers] == [str(riitta.pk), str(raimo.pk)]


def test_a_register_that_is_lost_begins_anew(
    enrolled: Enrol, riitta: Person, riittas: Passkey, raimo: Person, raimos: Passkey
) -> None:
    enrolled(riitta, riittas)
    with pytest.raises(RegisterUnavailable, match=r"put .* aside first"):
        enrolled(raimo, raimos, anew=True)
    register.path().unlink()
    with pytest.raises(RegisterUnavailable):
        enrolled(raimo, raimos)
    enrolled(raimo, raimos, anew=True)
    assert [each.person for each in register.read().approvers] == [str(raimo.pk)]
    enrolled(riitta, riittas)
    assert register.read().number == 2


def test_each_change_is_in_the_second_place_too(
    enrolled: Enrol, riitta: Person, riittas: Passkey, settings: Settings, tmp_path: Path
) -> None:
    settings.JOURNAL_COPY = str(tmp_path / "second")
    with pytest.raises(CopyUnavailable):
        enrolled(riitta, riittas)
    assert not register.path().exists()
    (tmp_path / "second").mkdir()
    enrolled(riitta, riittas)
    (copy,) = (tmp_path / "second").glob(f"*/{register.NAME}")
    assert copy.read_bytes() == register.path().read_bytes()


def test_a_text_that_is_not_as_we_write_it_is_no_register(
    enrolled: Enrol, riitta: Person, riittas: Passkey
) -> None:
    enrolled(riitta, riittas)
    text = register.read().text
    assert Register.parse(text).text == text
    spoilt = [text.replace('"number":1', '"number":1.0'), text.replace(',"', ', "'), text[:-1]]
    spoilt += [text + "\n", text.replace('"until":null', '"until":false'), "", "[]\n"]
    for each in [*spoilt, text.replace("/v1", "/v2")]:
        with pytest.raises(BadRegister):
            Register.parse(each)


def test_the_operator_s_commands_keep_a_record(
    keyed: Verifier, riitta: Person, riittas: Passkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = StringIO()
    call_command("list_approvers", stdout=said)
    assert said.getvalue() == "No passkey is enrolled yet. Enrol one with enrol_approver.\n"
    people = ["--operator=Olli Operaattori", "--witness=Ville Valvoja"]
    monkeypatch.setattr("builtins.input", lambda _words: riittas.fingerprint.lower())
    call_command("enrol_approver", str(riitta.pk), *people, stdout=said)
    assert riittas.fingerprint in said.getvalue() and "Ville Valvoja" in said.getvalue()
    call_command("list_approvers", stdout=said)
    assert "in force    production test  Riitta Ratkaisija" in said.getvalue()
    assert f"Change 1, SHA-256 {register.read().digest}\n" in said.getvalue()
    staff_roles.end_reviewer(riitta, actor=system("test"), now=clock.now())
    call_command("list_approvers", stdout=said)
    assert "Riitta Ratkaisija (no reviewer any more)\n" in said.getvalue()
    call_command("end_approver", riittas.fingerprint, *people, stdout=said)
    assert "Key ceremony: approver ended" in said.getvalue()
    records = (Path(live.PORTAL_DATA) / "ca" / "ceremonies").iterdir()
    assert {each.name.partition("-")[2] for each in records} == {
        f"approver-{riittas.fingerprint}.txt",
        f"approver-{riittas.fingerprint}-ended.txt",
    }


def test_the_operator_is_told_what_is_wrong(
    keyed: Verifier, riitta: Person, riittas: Passkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="No passkey of Riitta Ratkaisija"):
        call_command("enrol_approver", str(riitta.pk), "--fingerprint=AAAA-AAAA-AAAA-AAAA")
    with pytest.raises(CommandError, match="No passkey in force"):
        call_command("end_approver", riittas.fingerprint)

    def nobody(_words: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    with pytest.raises(CommandError, match="give --fingerprint"):
        call_command("enrol_approver", str(riitta.pk))


def test_the_signer_says_that_it_cannot_read_it(
    enrolled: Enrol, riitta: Person, riittas: Passkey, settings: Settings
) -> None:
    enrolled(riitta, riittas)
    register.path().write_text("torn")
    assert self_checks.SELF_CHECKS["ca"]["approvers"]()  # nothing rests on it
    settings.APPROVERS_PROVE = "production"
    assert not self_checks.SELF_CHECKS["ca"]["approvers"]()
