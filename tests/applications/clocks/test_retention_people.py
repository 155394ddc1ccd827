"""People are forgotten when nothing keeps their record; what they did stays."""

from datetime import timedelta

from allauth.mfa.models import Authenticator

from accounts.access import actor_for
from accounts.models import (
    AccountDecision,
    AdministratorRequest,
    EmailCode,
    Identifier,
    Invitation,
    Membership,
    Person,
    StaffRole,
    User,
)
from accounts.services.people import erase as people_erase, merge, preferences
from applications import services
from applications.models import Application
from certportal.dev.builders import orders, people
from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.database.kept_tables import ALWAYS, Kept, every_model, keeping
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.models import Event, EventOrigin
from tests.applications.clocks.conftest import years_after
from tests.free_columns import free_columns

SECRETS = ("Matti", "matti@example.fi", "tekniikka@example.fi", "040 1234567", "Soita Matille")


def leave(person, at) -> None:
    Membership.objects.filter(person=person).update(ended_at=at)


def test_one_who_left_is_forgotten_after_five_years(maija, now):
    leave(maija, now)
    services.erase_expired(now=years_after(now, 5, days=0))
    maija.refresh_from_db()
    assert str(maija) == "Maija Mallikas"
    services.erase_expired(now=years_after(now, 5))
    maija.refresh_from_db()
    assert (str(maija), maija.email) == ("", "")
    assert not Identifier.objects.filter(person=maija).exists()
    assert not maija.logins.filter(is_active=True).exists()
    assert Event.objects.filter(action="person.erased", object_id=str(maija.pk)).count() == 1


def test_the_identifier_of_a_merged_record_stays_as_long_as_its_person(db, now):
    """Aulis identified by eIDAS first, later with a Finnish code; an operator merged the two."""
    aulis = people.make_auditor("Aulis Auditoija", now=now)
    code = people.make_person("Aulis Auditor", now=now)
    merge.merge(code, into=aulis, actor=system("operator"), now=now)
    services.erase_expired(now=years_after(now, 6))
    assert people.make_login("Aulis Auditor").person == aulis
    StaffRole.objects.filter(person=aulis).update(ended_at=now)
    services.erase_expired(now=years_after(now, 6))
    for one in (aulis, code):
        one.refresh_from_db()
        assert (str(one), one.email) == ("", "")
        assert not Identifier.objects.filter(person=one).exists()
    assert not aulis.logins.filter(is_active=True).exists()


def test_what_a_merged_record_did_keeps_its_person(maija, now):
    """Maija was a member under the record that was merged into her new one."""
    again = people.make_person("Maija Mallikas-Uusi", now=now)
    leave(maija, now + timedelta(days=366))
    merge.merge(maija, into=again, actor=system("operator"), now=now)
    services.erase_expired(now=years_after(now, 5))
    again.refresh_from_db()
    assert str(again) == "Maija Mallikas-Uusi"
    services.erase_expired(now=years_after(now, 7))
    again.refresh_from_db()
    assert str(again) == ""


def test_one_who_comes_back_while_the_job_runs_stays(maija, teemu, pharmacy, now, monkeypatch):
    """Both are due; while the job erases the first, the other accepts an invitation."""
    joined = {"role": "applicant", "basis": "invitation", "begun_at": now}
    back, real = [], people_erase.erase_person

    def slowly(key, *, now):
        (other,) = {maija.pk, teemu.pk} - {key}
        back.append(pharmacy.memberships.create(person_id=other, **joined))
        real(key, now=now)

    for one in (maija, teemu):
        leave(one, now)
    monkeypatch.setattr(people_erase, "erase_person", slowly)
    services.erase_expired(now=years_after(now, 5))
    (membership,) = back
    membership.person.refresh_from_db()
    assert str(membership.person)
    assert membership.person.logins.filter(is_active=True).exists()


def test_a_member_and_one_whom_a_kept_order_names_are_not_forgotten(matti, maija, riitta, now, cas):
    application = orders.in_review(maija)
    leave(maija, now)
    services.erase_expired(now=years_after(now, 6))
    for person, name in ((maija, "Maija Mallikas"), (matti, "Matti Meikäläinen")):
        person.refresh_from_db()
        assert str(person) == name
    services.withdraw(application.pk, **orders.Handler(matti, application).seen)
    services.erase_expired(now=years_after(now, 6))
    maija.refresh_from_db()
    assert str(maija) == ""


# What is written about a person, and goes with them at the latest; how its rows lead to them.
OF_PERSON = {
    Person: ("pk", {"given_name", "family_name", "email", "declined_mails"}),
    User: ("person", {"email"}),
    Membership: ("person", {"basis_detail", "basis_note"}),
    AdministratorRequest: ("person", {"reason", "reasons"}),
    AccountDecision: ("membership__person", {"reasons"}),
    Invitation: ("accepted_by", {"email"}),
}
# What names nobody, or rests on another document than these texts.
OF_NOBODY = {
    *("Event.actor", "Event.data", "User.username", "User.password", "AccountDecision.followed"),
    *("Organisation.name", "Succession.former_name", "ReadyReasonVersion.words"),
    *("RegisterTask.record_oid", "RegisterTask.values", "ReplacementItem.changes"),
    *("BlockEnding.words", "BlockEnding.closing_words"),
    *("Replacement.note", "Replacement.made_by", "Replacement.wanted"),
}
# Public registers, and the evidence of the CA.
FOR_EVER = {
    *("RegisterRun", "RegisterRecord", "IssuingCA", "OcspResponder", "Certificate", "Approval"),
    *("PreparedCertificate", "RevokedSerial", "Seal", "SealedPaper", "CeremonyRecord"),
}


def test_every_text_is_erased_or_known_to_be_about_nobody():
    of_orders = {each.related_model for each in Application._meta.related_objects} | {Application}
    texts = {
        f"{model.__name__}.{name}"
        for model in {*every_model()} - of_orders
        if isinstance(kept := keeping(model), Kept) and kept.deletable != ALWAYS
        for name in free_columns(model) - {*kept.erased}
        if model.__name__ not in FOR_EVER
    }
    of_person = {
        f"{model.__name__}.{name}" for model, (_path, names) in OF_PERSON.items() for name in names
    }
    assert texts - of_person == OF_NOBODY


def test_what_was_written_about_a_person_goes_with_them(matti, maija, riitta, pharmacy, now):
    maija.memberships.update(basis_detail="Maija, apteekkari", basis_note="Maijan ote")
    preferences.choose(maija, "fi", [], actor=actor_for(maija), now=now)
    decided = {"organisation": pharmacy, "decided_by": riitta, "reasons": "Maija lähti"}
    AccountDecision.objects.create(membership=maija.memberships.get(), at=now, **decided)
    asked = {"person": maija, "asked_at": now, "reason": "Maija pyysi", "decided_at": now}
    AdministratorRequest.objects.create(**asked, **decided)
    times = {"made_at": now, "accepted_at": now, "expires_at": now}
    joined = {"organisation": pharmacy, "made_by": matti, "accepted_by": maija}
    Invitation.objects.create(email=maija.email, role="applicant", **times, **joined)
    User.objects.filter(person=maija).update(email=maija.email)
    said = {
        (model, name): model.objects.filter(**{path: maija.pk}).values_list(name, flat=True)
        for model, (path, names) in OF_PERSON.items()
        for name in names
    }
    assert all(all(values) and values for values in said.values())
    people_erase.erase_person(maija.pk, now=now)
    assert not any(any(values.all()) for values in said.values())


def test_second_factors_and_the_names_given_to_them_go_with_the_person(maija, now):
    login = maija.logins.first()
    data = {"name": "Maijan puhelin", "credential": {}}
    Authenticator.objects.create(user=login, type=Authenticator.Type.WEBAUTHN, data=data)
    leave(maija, now)
    services.erase_expired(now=years_after(now, 5))
    assert not Authenticator.objects.filter(user=login).exists()


def test_one_who_comes_back_is_a_new_person(maija, now):
    leave(maija, now)
    services.erase_expired(now=years_after(now, 5))
    again = people.make_login("Maija Mallikas").person
    assert again.pk != maija.pk


def test_from_where_somebody_acted_is_forgotten_after_a_year_and_what_they_did_is_not(maija, now):
    actor = Actor("person", str(maija.pk), "192.0.2.7")
    events.record(ServiceEvent.FEEDBACK_GIVEN, maija, actor=actor, now=now)
    services.erase_expired(now=years_after(now, 0, days=300))
    assert EventOrigin.objects.filter(address="192.0.2.7").exists()
    services.erase_expired(now=years_after(now, 1))
    assert not EventOrigin.objects.filter(address="192.0.2.7").exists()
    assert Event.objects.filter(action=ServiceEvent.FEEDBACK_GIVEN).exists()


def test_codes_and_unconfirmed_addresses_go_after_two_days(matti, now):
    code = matti.email_codes.get()
    EmailCode.objects.filter(pk=code.pk).update(ended_at=now, expires_at=now)
    services.erase_expired(now=now + timedelta(days=1))
    assert matti.email_codes.exists()
    services.erase_expired(now=now + timedelta(days=3))
    assert not matti.email_codes.exists()
