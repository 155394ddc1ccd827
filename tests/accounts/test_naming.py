"""Naming people in production: by command at the server, and on the page of roles."""

from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from accounts import access
from accounts.models import Person, StaffRole, User
from accounts.services.people.named import NotNamed, login_named, person_named
from accounts.services.rights import staff_roles
from accounts.views.staff import ENDING, GIVING
from certportal.dev.builders.people import log_in, make_person, verify
from certportal.foundation.actors import system
from certportal.foundation.models import Event

pytestmark = pytest.mark.django_db
PEOPLE = "/fi/settings/"


@pytest.fixture
def sofia(now):
    """A superuser."""
    person = make_person("Sofia Superkäyttäjä", now=now)
    staff_roles.make_superuser(person.logins.get(), actor=system("test"), now=now)
    return person


@pytest.fixture
def roles(client, sofia):
    return log_in(client, sofia)


def do(client, action: str, person: Person):
    return client.post(f"{PEOPLE}{person.pk}/", {"act": action})


@pytest.mark.parametrize("name", ["login", "key", "address", "shouted address", "quoted address"])
def test_an_operator_names_a_reviewer(maija, name, capsys):
    known = {
        "login": maija.logins.get().username,
        "key": str(maija.pk).upper(),
        "address": maija.email,
        "shouted address": maija.email.upper(),
        "quoted address": maija.email.replace("maija", '"maija"'),
    }

    call_command("grant_reviewer", known[name])

    assert access.is_reviewer(maija)
    assert "Maija Mallikas" in capsys.readouterr().out
    assert Event.objects.get(action="staff_role.granted").actor == "system:grant_reviewer"


def test_an_operator_ends_the_role(riitta):
    call_command("end_reviewer", riitta.email)
    assert not access.is_reviewer(riitta)
    assert Event.objects.filter(action="staff_role.ended").exists()


def test_only_a_reviewer_leads_and_the_lead_ends_with_the_role(riitta, maija, now):
    with pytest.raises(CommandError):
        call_command("grant_lead", maija.email)
    call_command("grant_lead", riitta.email)
    held = StaffRole.objects.filter(person=riitta, ended_at=None)
    assert {one.kind for one in held} == {"reviewer", "lead"}
    call_command("end_lead", riitta.email)
    assert access.is_reviewer(riitta)
    call_command("grant_lead", riitta.email)
    call_command("end_reviewer", riitta.email)
    assert not held.all().exists()


def test_an_operator_opens_the_page_of_roles(client, maija):
    assert log_in(client, maija).get("/fi/settings/").status_code == 404
    call_command("make_superuser", maija.email)
    assert log_in(client, maija).get("/fi/settings/").status_code == 200
    assert Event.objects.filter(action="login.made_superuser").exists()


def test_an_operator_closes_it_again_to_every_login_of_the_person(client, maija, now):
    abroad = make_person("Maija Mallikas-Smith", now=now)
    call_command("make_superuser", maija.logins.get().username)
    call_command("make_superuser", abroad.logins.get().username)
    call_command("merge_persons", str(abroad.pk), str(maija.pk))

    call_command("end_superuser", str(maija.pk))
    call_command("end_superuser", str(maija.pk))

    assert log_in(client, maija).get("/fi/settings/").status_code == 404
    assert not User.objects.filter(is_superuser=True).exists()
    assert Event.objects.filter(action="login.superuser_ended").count() == 2


def test_a_login_without_a_person_can_be_closed_too(db):
    User.objects.create(username="vanha", is_staff=True, is_superuser=True)
    call_command("end_superuser", "vanha")
    assert not User.objects.get(username="vanha").is_staff
    with pytest.raises(CommandError):
        call_command("end_superuser", "nobody")


def test_an_operator_merges_two_keys_of_one_human(matti, maija):
    call_command("merge_persons", str(maija.pk), str(matti.pk))

    assert person_named(str(maija.pk)) == matti
    assert Event.objects.get(action="person.merged").actor == "system:merge_persons"
    with pytest.raises(CommandError):
        call_command("merge_persons", str(maija.pk), str(matti.pk))


@pytest.mark.parametrize("words", ["", "nobody", "nobody@example.fi", str(UUID(int=4))])
def test_nobody_is_named(maija, words):
    with pytest.raises(NotNamed):
        login_named(words)
    with pytest.raises(CommandError):
        call_command("grant_reviewer", words)


def test_an_address_names_only_one(maija):
    other = make_person("Maija Toinen")
    assert other.email == maija.email
    with pytest.raises(NotNamed):
        person_named(maija.email)
    verify(other, '"maija"@example.fi')
    with pytest.raises(NotNamed):
        person_named(maija.email)
    verify(other, "toinen@example.fi")
    assert person_named(maija.email) == maija


def test_an_unverified_address_names_nobody(maija):
    Person.objects.filter(pk=maija.pk).update(email_verified_at=None)
    with pytest.raises(NotNamed):
        person_named(maija.email)


def test_a_closed_login_gets_no_rights_by_the_persons_name(maija):
    maija.logins.update(is_active=False)
    with pytest.raises(NotNamed):
        login_named(maija.email)


def test_a_superuser_names_a_reviewer_and_ends_the_role(roles, sofia, maija):
    do(roles, "grant_reviewer", maija)
    assert StaffRole.objects.get(person=maija).granted_by == sofia
    assert Event.objects.get(action="staff_role.granted").actor == f"person:{sofia.pk}"

    do(roles, "end_reviewer", maija)
    assert not access.is_reviewer(maija)


def test_nobody_else_names_reviewers(client, riitta, maija):
    assert do(log_in(client, riitta), "grant_reviewer", maija).status_code == 404
    assert not access.is_reviewer(maija)


def test_a_superuser_finds_people_and_sees_roles_and_logins(roles, matti, riitta):
    assert str(matti.pk) in roles.get(PEOPLE, {"q": "matti meik"}).text
    page = roles.get(PEOPLE).text
    assert str(riitta.pk) in page and str(matti.pk) not in page
    shown = roles.get(f"{PEOPLE}{riitta.pk}/").text
    assert riitta.email in shown and "pbkdf2" not in shown


def test_what_cannot_be_given_is_said_and_changes_nothing(roles, riitta, maija):
    for act, person in (("grant_lead", maija), ("grant_auditor", riitta)):
        answer = do(roles, act, person)
        assert answer.status_code == 400
        assert "notice--error" in answer.text
    assert not maija.staff_roles.exists()
    assert do(roles, "make_superuser", maija).status_code == 200
    assert not maija.logins.filter(is_superuser=True).exists()


def test_nobody_gives_a_role_to_themselves(roles, sofia):
    assert do(roles, "grant_reviewer", sofia).status_code == 403
    assert not sofia.staff_roles.exists()


def test_nobody_gives_or_takes_a_role_whose_own_right_is_taken_meanwhile(
    client, sofia, maija, riitta, monkeypatch
):
    page = log_in(client, sofia)
    for act, person in (("grant_reviewer", maija), ("end_reviewer", riitta)):
        table = GIVING if act in GIVING else ENDING
        label, service = table[act]

        def late(*given, service=service, **more):
            sofia.logins.update(is_superuser=False)
            return service(*given, **more)

        monkeypatch.setitem(table, act, (label, late))
        assert do(page, act, person).status_code == 403
    assert not maija.staff_roles.exists()
    assert access.is_reviewer(riitta)


def test_a_superuser_lets_a_reviewer_lead(roles, riitta):
    do(roles, "grant_lead", riitta)
    assert riitta.staff_roles.filter(kind="lead", ended_at=None).exists()
    do(roles, "end_lead", riitta)
    assert access.is_reviewer(riitta)


@pytest.mark.parametrize("path", ["", "login/", "accounts/person/", "issuance/certificate/"])
def test_django_s_own_admin_is_gone_and_the_page_is_nobody_else_s(client, roles, riitta, path):
    if path:
        assert roles.get(PEOPLE + path).status_code == 404
    assert log_in(client, riitta).get(PEOPLE + path).status_code == 404


def test_a_visitor_is_led_to_identify(client):
    page = client.get(PEOPLE, follow=True)
    assert page.request["PATH_INFO"] == "/fi/account/login/"
