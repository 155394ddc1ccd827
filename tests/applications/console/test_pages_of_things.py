"""The pages of a certificate, a key and a person, and their lists."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import Organisation, Person
from accounts.services.people.erase import erase_person
from applications.models import Application
from applications.rules import order_search
from applications.services import access_records
from applications.views.account.history import history
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance import services as authority
from issuance.models import Certificate
from tests.applications.console.conftest import Desk
from tests.applications.long_lists import certified, certified_for
from tests.applications.renewals import renew
from tests.conftest import PHARMACY
from tests.suppliers import account_of

OPERATOR = system("block_keys")


@pytest.fixture
def order(matti, riitta, cas):
    """An order whose certificate has been delivered."""
    return orders.delivered(matti, riitta)


@pytest.fixture
def certificate(order):
    """Its certificate."""
    return Certificate.objects.get(reference=order.pk)


def test_a_certificate_s_page_tells_all_of_it_and_leads_to_revoking(desk, order, certificate):
    page = desk.open("certificate", order.pk).text
    links = [desk.url("case", order.pk), desk.url("account", order.organisation_id)]
    links += [desk.url("key", certificate.spki_sha256), desk.url("revoke", order.pk)]
    for known in [*links, certificate.serial, certificate.sha256, "erecept.example.fi"]:
        assert known in page
    assert "Riitta Ratkaisija" in page  # who approved it, in its history
    file = desk.open("certificate_file", order.pk, "der")
    assert file.content == bytes(certificate.der)
    event = Event.objects.get(action="application.certificate_taken")
    assert (event.actor, event.data["kind"]) == (f"person:{desk.person.pk}", "der")


def test_the_applicant_s_history_tells_their_own_downloads_alone(desk, order, matti, web_of):
    def downloads():
        return [line.text for line in history(order).lines if "downloaded" in line.text]

    desk.open("certificate_file", order.pk, "der")
    assert downloads() == []
    web_of(matti).get(reverse("applications:download", args=[order.pk, "der"]))
    assert downloads() == ["A file of the certificate was downloaded"]


def test_the_applicant_s_page_says_once_that_it_is_valid_and_what_has_happened(
    order, certificate, matti, web_of
):
    def page():
        return web_of(matti).get(reverse("applications:certificate", args=[order.pk])).text

    valid = page()
    assert "Valid from" in valid
    assert not re.search(r'class="tag[^>]*>\s*Valid\b', valid)
    assert "timeline__step--done" in valid
    assert 'class="timeline__step"' not in valid
    authority.revoke_key(certificate.spki_sha256, "key_compromise", actor=OPERATOR, now=clock.now())
    assert re.search(r'class="tag[^>]*>\s*Revoked\b', page())


def test_the_list_names_the_organisation_once_where_its_unit_has_the_same_name(desk, order):
    rows = desk.open("certificates").text.partition("<tbody")[2].partition("</tbody>")[0]
    assert rows.count(order.organisation.name) == 1


def test_a_unit_with_its_organisations_name_in_other_letters_is_not_named_again(desk, order):
    unit = order.submission.record.long_name
    spelled = unit.upper().replace(" ", "-")
    Organisation.objects.filter(pk=order.organisation_id).update(name=spelled)
    rows = desk.open("certificates").text.partition("<tbody")[2].partition("</tbody>")[0]
    assert spelled in rows
    assert f'<span class="muted">{unit}</span>' not in rows


def test_an_order_without_certificate_has_no_such_page(desk, waiting):
    assert desk.open("certificate", waiting.pk).status_code == 404


def test_a_revoked_certificate_says_when_and_why(desk, order, certificate):
    authority.revoke_key(certificate.spki_sha256, "key_compromise", actor=OPERATOR, now=clock.now())
    page = desk.open("certificate", order.pk).text
    assert "Revoked" in page
    assert "The key of the certificate is blocked." in page


def test_the_one_that_renews_it_is_named(desk, order, matti, riitta):
    later = renew(matti, riitta)
    assert later.number in desk.open("certificate", order.pk).text
    assert order.number not in desk.open("certificate", later.pk).text


def test_the_list_of_certificates_is_searched_filtered_and_exported(desk, order, certificate):
    for query in ("erecept", certificate.serial, certificate.sha256, order.number, PHARMACY):
        assert certificate.serial in desk.open("certificates", q=query).text
    assert certificate.serial not in desk.open("certificates", q="zzz.example").text
    assert certificate.serial in desk.open("certificates", state="valid").text
    assert certificate.serial not in desk.open("certificates", state="revoked").text
    lines = b"".join(desk.open("certificate_list_csv", state="valid")).decode()
    assert certificate.serial in lines
    assert order.organisation.name in lines
    assert Event.objects.filter(action="list.exported", object_id="certificates").exists()


def test_the_list_of_certificates_says_what_a_search_found_them_by(desk, order, certificate):
    assert "Person: Matti Meikäläinen" in desk.open("certificates", q="meikalai").text
    assert "Person: " not in desk.open("certificates").text


def test_an_organisation_s_page_leads_to_all_its_certificates(
    desk, order, certificate, kalle, monkeypatch
):
    monkeypatch.setattr(order_search, "MOST_COUNTED", 3)
    account = order.organisation
    place = f"{desk.url('certificates')}?organisation={account.pk}"
    assert place not in desk.open("account", account.pk).text
    certified(order, 11)
    certified_for(account_of(kalle).pk, certificate, 2)
    assert place in desk.open("account", account.pk).text
    for query in ({}, {"q": "Matti"}, {"q": PHARMACY, "state": "valid"}):
        whole = {"organisation": account.pk, **query}
        page = desk.open("certificates", **whole)
        assert "12 certificates" in page.text, query
        assert desk.url("account", account.pk) in page.text
        lines = b"".join(desk.open("certificate_list_csv", **whole)).decode().splitlines()
        assert len(lines) == 1 + 12, query


def test_orders_and_certificates_of_a_thing_are_listed_by_their_names(
    desk, order, certificate, matti
):
    other = orders.in_review(matti, "system_signature")
    places = {
        ("account", order.organisation_id): ("The newest orders", "The newest certificates"),
        ("person", matti.pk): ("The newest orders that the person has sent",),
        ("key", certificate.spki_sha256): ("Orders with the key", "Certificates for the key"),
        ("case", other.pk): ("Other orders", "Certificates of the organisation"),
    }
    for place, captions in places.items():
        page = desk.open(*place).text.replace("<wbr>", "")
        for caption in captions:
            rows = page.split(f">{caption}<")[1].split("</table>")[0]
            assert "erecept.example.fi" in rows, (place, caption)
    newest = desk.open("account", order.organisation_id).context["orders"].rows
    assert [one.called for one, _state in newest] == ["Apteekki Plus", "erecept.example.fi"]


def test_the_list_says_when_a_search_finds_more_orders_than_it_takes(
    desk, order, certificate, monkeypatch
):
    monkeypatch.setattr(order_search, "MOST_COUNTED", 3)
    certified(order, 2)
    cut = "Only certificates of 3 of them are listed"
    page = desk.open("certificates", q="Matti").text
    assert "3 certificates" in page
    assert cut not in page
    certified(Application.objects.latest("number"), 1)
    for query in ({}, {"state": "valid"}):
        page = desk.open("certificates", q="Matti", **query).text
        assert cut in page, query
        assert "3 certificates" not in page, query
    page = desk.open("certificates", q="Matti", state="revoked").text
    assert "No certificate fits" in page
    assert cut not in page


def test_a_key_s_page_tells_its_orders_and_certificates_and_how_to_block_it(
    desk, order, certificate
):
    page = desk.open("key", certificate.spki_sha256).text
    for known in (order.number, certificate.serial, "P-256", desk.url("revoke", order.pk)):
        assert known in page
    authority.import_keys([certificate.spki_sha256], "published", actor=OPERATOR, now=clock.now())
    page = desk.open("key", certificate.spki_sha256).text
    assert "The key is on a list of keys that others have." in page
    assert "The service" in page  # the operator's command blocked it


def test_a_key_s_page_offers_to_revoke_only_what_can_be_revoked(desk, order, certificate):
    key, now = certificate.spki_sha256, clock.now()
    revoke = desk.url("revoke", order.pk)
    assert revoke in desk.open("key", key).text
    authority.revoke_key(key, "key_compromise", actor=OPERATOR, now=now)
    page = desk.open("key", key).text
    assert revoke not in page
    assert certificate.serial in page


def test_a_key_s_page_leads_to_all_its_orders_and_certificates(desk, order, certificate):
    key, csr, first = certificate.spki_sha256, order.csrs.get(), order.pk
    places = [f"{desk.url(name)}?q={key}" for name in ("queue", "certificates")]
    page = desk.open("key", key).text
    assert not any(place in page for place in places)
    certified(order, 11)
    for csr.application in Application.objects.exclude(pk=first):
        csr.pk = None
        csr.save(force_insert=True)
    page = desk.open("key", key).text
    assert all(place in page for place in places)


def test_a_key_s_page_stands_under_keys_though_it_is_not_blocked(desk, certificate):
    for page in (desk.open("key", certificate.spki_sha256), desk.open("blocked_keys")):
        assert [str(one.label) for one in page.context["desk"]() if one.current] == ["Keys"]
    assert re.search(r"<h1>\s*Keys\s*</h1>", page.text)


@pytest.mark.parametrize("key", ["ab" * 32, "x", "AB" * 32])
def test_a_key_of_which_nothing_is_known_has_no_page(desk, sample, key):
    assert desk.open("key", key).status_code == 404


def test_a_person_s_page_tells_memberships_orders_and_decisions(desk, order, matti, riitta):
    page = desk.open("person", matti.pk).text
    for known in (matti.email, order.number, desk.url("account", order.organisation_id)):
        assert known in page
    assert f"{desk.url('events')}?person={matti.pk}" in page
    page = desk.open("person", riitta.pk).text
    assert order.number in page
    assert "Approved" in page
    assert "Reviewer" in page


@pytest.mark.parametrize(
    ("language", "words"), [("fi", "suomi"), ("sv", "finska"), ("en", "Finnish")]
)
def test_a_language_is_named_as_within_a_text(desk, order, matti, language, words):
    with translation.override(language):
        assert f"<dd>{words}</dd>" in desk.open("person", matti.pk).text
        assert f"<dd>{words}</dd>" in desk.open("case", order.pk).text


def test_a_superuser_is_called_so_in_the_list_and_on_their_page(desk, riitta, sofia):
    pages = desk.open("people", q="sofia"), desk.open("person", sofia.pk)
    assert all("Superuser" in page.text for page in pages)
    others = desk.open("people", q="ratkaisija"), desk.open("person", riitta.pk)
    assert not any("Superuser" in page.text for page in others)


def test_a_person_who_was_erased_has_no_name_and_is_not_listed(desk, sample, now):
    gone = people.make_person("Maija Mennyt", now=now)
    assert "Mennyt" in desk.open("people", q="mennyt").text
    erase_person(gone.pk, now=now)
    assert "Erased person" in desk.open("person", gone.pk).text
    assert str(gone.pk) not in desk.open("people").text


def test_a_person_is_found_by_a_name_without_diacritics(desk, matti):
    for name in ("people", "search"):
        assert desk.url("person", matti.pk) in desk.open(name, q="meikalainen MATT").text, name


def test_the_list_of_people_goes_on_by_pages(desk, sample, now):
    made = [people.make_person(f"Niina Nimi{n:02}", now=now) for n in range(27)]
    first = desk.open("people", q="nimi")
    assert desk.url("person", made[0].pk) in first.text
    assert desk.url("person", made[26].pk) not in first.text
    second = desk.open("people", q="nimi", page=first.context["page"].next)
    assert desk.url("person", made[26].pk) in second.text


@pytest.mark.parametrize("name", ["Äyräjärvi\u00a0Öö", "Ä" * 118, "𠮷" * 118, '"' * 118])
def test_the_list_of_people_goes_on_after_a_name_of_any_signs_and_length(desk, sample, now, name):
    named = {"given_name": name, "created_at": now}
    rows = [Person(family_name=f"{name}{n:02}", **named) for n in range(60)]
    made = {one.pk for one in Person.objects.bulk_create(rows)}
    seen, page = list[Person](), desk.open("people").context["page"]
    while page.next and len(seen) < 100:
        seen += page
        page = desk.open("people", page=page.next).context["page"]
    keys = [one.pk for one in (*seen, *page)]
    assert len(keys) == len(set(keys))
    assert made <= set(keys)


def test_an_auditor_s_looks_are_on_record(order, certificate, matti, now):
    auditor = Desk(people.make_auditor("Anneli Auditoija", now=now))
    auditor.open("person", matti.pk)
    auditor.open("key", certificate.spki_sha256)
    auditor.open("certificate", order.pk)
    looks = Event.objects.filter(actor__endswith=auditor.person.pk, action__endswith="viewed")
    seen = [str(matti.pk), certificate.spki_sha256, str(order.pk)]
    assert [one.object_id for one in looks.order_by("pk")] == seen
    assert reverse("console:revoke", args=[order.pk]) not in auditor.open("key", seen[1]).text


def test_an_auditor_s_looks_at_lists_are_on_record(desk, order, now):
    auditor = Desk(people.make_auditor("Anneli Auditoija", now=now))
    for at in (auditor, desk):
        for name in ("people", "certificates", "blocked_keys"):
            at.open(name)
        at.open("search", q=order.number)
    looks = Event.objects.filter(action="page.viewed", object_type="list").order_by("pk")
    assert [one.object_id for one in looks] == ["people", "certificates", "blocked_keys", "search"]
    assert {one.actor for one in looks} == {f"person:{auditor.person.pk}"}


def test_an_auditor_s_looks_at_what_reviewers_decide_are_on_record(contested, monkeypatch, now):
    monkeypatch.setattr(access_records, "REPEATED_WITHIN", timedelta())
    auditor = Desk(people.make_auditor("Anneli Auditoija", now=now))
    account = contested.organisation
    of_member = ("confirm_member", "withdraw_right", "end_membership")
    pages = dict.fromkeys(of_member, account.memberships.get().pk)
    for name, key in (pages | {"administrator": contested.pk, "close_account": account.pk}).items():
        assert auditor.open(name, key).status_code == 200
    looks = Event.objects.filter(actor__endswith=auditor.person.pk, action="page.viewed")
    assert [one.object_id for one in looks] == [str(account.pk)] * 5


def test_others_find_none_of_these_pages(matti, order, certificate):
    hers = Desk(matti)
    pages = {"person": matti.pk, "key": certificate.spki_sha256, "certificate": order.pk}
    assert {hers.open(name, key).status_code for name, key in pages.items()} == {404}
