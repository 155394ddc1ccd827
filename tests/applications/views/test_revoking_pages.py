"""The pages of certificates: the list, the certificate, revoking it, ordering a new one."""

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from django.test import Client

from certportal.dev.builders import orders, people
from issuance.conf import pki
from issuance.models import Certificate
from tests.applications.renewals import valid_for

FILLED = {"reason": "key_compromise", "words": "Avain vuoti.", "understood": "on"}


@pytest.fixture
def order(matti, riitta, cas):
    return orders.delivered(matti, riitta, "test_server")


@pytest.fixture
def pages(address, order):
    """Return the addresses of the certificate's pages."""
    of_order = {name: address(f"applications:{name}", order.pk) for name in ("order", "revoke")}
    return {"list": address("certificates")} | of_order


def state():
    return Certificate.objects.get().state


def test_the_list_has_status_names_validity_serial_and_order(web, pages, order):
    page = web.get(pages["list"]).text
    certificate = Certificate.objects.get()
    for shown in (certificate.serial, order.number, "erecept.example.fi", "Valid", "TEST"):
        assert shown in page
    assert f"{pages['order']}certificate/" in page


def test_whoever_installs_it_sees_what_it_is_for_and_where_its_status_is_asked(web, pages):
    """So that the firewall can be opened for these addresses before the first connection."""
    issued = Certificate.objects.get().certificate
    points = issued.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    places = issued.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    asked = [points[0].full_name[0].value, *(one.access_location.value for one in places)]
    page = html.unescape(web.get(f"{pages['order']}certificate/").text.replace("<wbr>", ""))
    assert "serverAuth, clientAuth" in page
    assert all(address in page for address in asked)
    before_revoking = web.get(pages["revoke"]).text.replace("<wbr>", "")
    assert not any(address in before_revoking for address in asked)


def test_an_organisation_without_certificates_is_told_so(web, address):
    page = web.get(address("certificates")).text
    assert "Certificates issued to your organisation will be listed here" in page
    assert f'<a class="button" href="{address("applications:new")}">' in page
    assert "Search and filter" not in page
    assert "Search and filter" in web.get(address("certificates"), {"q": "erecept"}).text


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_pages_open_in_every_language(web, address, order, language):
    for name in ("order", "revoke"):
        place = address(f"applications:{name}", order.pk, language=language)
        assert web.get(place).status_code == 200
    assert web.get(address("certificates", language=language)).status_code == 200


def test_what_revoking_means_is_said_before_it_is_done(web, pages):
    page = web.get(pages["revoke"]).text
    assert "What revoking means" in page
    assert "A revoked certificate can never be used again." in page
    assert page.count('<dl class="facts">') == 1
    assert Certificate.objects.get().certificate.subject.rfc4514_string()[:8] in page
    assert f"may trust it for at most {pki().status_hours} hours more" in page
    assert "at once: connections" not in page
    assert state() == "issued"


def test_revoked_with_one_press_and_shown_everywhere(web, pages, address):
    answer = web.post(pages["revoke"], FILLED, follow=True)
    assert state() == "revoked"
    assert "The certificate has been revoked." in answer.text
    assert "The private key has been exposed" in answer.text
    assert "Avain vuoti." in answer.text
    for place in (pages["list"], pages["order"], f"{pages['order']}certificate/"):
        assert "Revoked" in web.get(place).text, place
    home = web.get(address("home")).text
    assert "The applicant had the certificate revoked" in home
    assert "The organisation has no valid certificates." in home
    assert f'href="{address("applications:orders")}?stage=all"' in home
    assert "0 under way" not in home


def test_the_order_says_revoked_in_place_of_delivered_and_keeps_the_files(web, pages):
    assert "Delivered" in web.get(pages["order"]).text
    web.post(pages["revoke"], FILLED)
    page = web.get(pages["order"])
    assert "is no longer trusted." in page.text
    anew = f'class="button" href="{pages["order"]}again/"'
    assert anew in " ".join(page.text.split())
    assert page.text.count(f"{pages['order']}again/") == 1
    assert '<strong class="tag tag--error">Revoked</strong>' in page.text
    assert web.get(page.context["downloads"][0]["url"]).status_code == 200
    assert "The applicant had the certificate revoked" in page.text


@pytest.mark.parametrize("ended", ["revoked", "expired"])
def test_an_ended_certificate_s_files_are_folded_and_it_fits_no_key(
    web, pages, ended, request, monkeypatch
):
    for place in (pages["order"], f"{pages['order']}certificate/"):
        page = web.get(place).text
        assert 'id="fits"' in page and 'id="files"' not in page
    if ended == "revoked":
        web.post(pages["revoke"], FILLED)
    else:
        end = Certificate.objects.get().not_after
        monkeypatch.setattr("certportal.foundation.clock.now", lambda: end)
        web = people.log_in(Client(), request.getfixturevalue("matti"))
    for place in (pages["order"], f"{pages['order']}certificate/"):
        answer = web.get(place)
        assert 'id="fits"' not in answer.text
        folded = re.search(r'<details id="files"\s*>(.*?)</details>', answer.text, re.DOTALL)
        assert folded and all(file["url"] in folded[1] for file in answer.context["downloads"])
        assert answer.text.count(answer.context["downloads"][0]["url"] + '"') == 1


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("reason", "Choose why the certificate is revoked."),
        ("understood", "Confirm that you understand what revoking means."),
    ],
)
def test_without_a_reason_or_the_confirmation_nothing_happens(web, pages, missing, words):
    page = web.post(pages["revoke"], {**FILLED, missing: ""})
    assert words in page.text
    assert "Avain vuoti." in page.text
    assert state() == "issued"


def test_the_day_of_exposure_is_asked_only_with_an_exposed_key(web, pages):
    page = " ".join(web.get(pages["revoke"]).text.split())
    asked = page.partition('data-only-if="reason=key_compromise"')[2]
    assert 'name="exposed_on"' in asked.partition("data-only-if")[0]


def test_the_day_of_exposure_is_not_in_the_future(web, pages, now):
    tomorrow = (now + timedelta(days=2)).date().isoformat()
    page = web.post(pages["revoke"], FILLED | {"exposed_on": tomorrow})
    assert "Enter today or an earlier day." in page.text
    assert state() == "issued"


def test_the_day_of_exposure_is_in_a_year_that_can_be_meant(web, pages):
    page = web.post(pages["revoke"], FILLED | {"exposed_on": "0001-01-01"})
    assert "Check the year of the date." in page.text
    assert state() == "issued"


def test_a_reason_of_the_authority_s_own_cannot_be_chosen(web, pages):
    web.post(pages["revoke"], FILLED | {"reason": "superseded"})
    assert state() == "issued"


def test_once_revoked_only_an_exposed_key_is_left_to_tell_of(web, pages):
    web.post(pages["revoke"], FILLED | {"reason": "cessation_of_operation"})
    assert "Report that the private key has been exposed" in web.get(pages["order"]).text
    page = web.get(pages["revoke"]).text
    assert 'value="cessation_of_operation"' not in page
    web.post(pages["revoke"], FILLED)
    assert Certificate.objects.get().revocation_reason == "key_compromise"
    page = web.get(pages["order"]).text
    assert pages["revoke"] not in page
    assert "What you can do" not in page


def test_pressed_twice_it_stays_as_it_was(web, pages):
    web.post(pages["revoke"], FILLED)
    before = Certificate.objects.values().get()
    assert web.post(pages["revoke"], FILLED).status_code == 302
    assert Certificate.objects.values().get() == before


def test_strangers_technical_members_and_visitors_do_not_revoke(pages, kalle, teemu):
    for person in (kalle, teemu):
        client = people.log_in(Client(), person)
        for name in ("order", "revoke"):
            assert client.get(pages[name]).status_code == 404
        assert client.post(pages["revoke"], FILLED).status_code == 404
    assert Client().post(pages["revoke"], FILLED).status_code == 302
    assert state() == "issued"


def test_the_list_is_each_organisation_s_own(order, pages, kalle, teemu):
    assert order.number not in people.log_in(Client(), kalle).get(pages["list"]).text
    assert people.log_in(Client(), teemu).get(pages["list"]).status_code == 404


def test_there_is_no_certificate_to_see_before_there_is_one(web, matti, address):
    waiting = orders.submitted(matti)
    assert 'id="certificate"' not in web.get(address("applications:order", waiting.pk)).text


def test_a_certificate_far_from_its_end_is_not_hurried(web, pages):
    page = web.get(pages["order"]).text
    assert "Order a new one on this basis" in page
    assert "a certificate cannot be extended" not in page


def test_one_near_its_end_leads_to_a_new_order_on_its_basis(
    matti, riitta, cas, address, monkeypatch
):
    order = valid_for(matti, riitta, 1)
    near = Certificate.objects.get().not_after - timedelta(days=9)
    monkeypatch.setattr("certportal.foundation.clock.now", lambda: near)
    page = people.log_in(Client(), matti).get(address("applications:order", order.pk)).text
    assert "a certificate cannot be extended" in page
    again = page.index(address("applications:again", order.pk))
    assert again < page.index("Download the certificate")


def test_a_reviewer_revokes_in_the_console_with_grounds(order, riitta, address):
    client = people.log_in(Client(), riitta)
    place = address("console:revoke", order.pk)
    assert place in client.get(address("console:case", order.pk)).text
    assert "Write the grounds for the revocation." in client.post(place, {"understood": "on"}).text
    assert state() == "issued"
    known = {"reason": "key_compromise", "words": "Avain löytyi verkosta."}
    client.post(place, {"understood": "on", **known})
    assert state() == "revoked"
    case = client.get(address("console:case", order.pk)).text
    assert place not in case
    assert "A reviewer revoked the certificate" in case


def test_the_applicant_reads_the_grounds_but_not_the_reviewer_s_name(web, pages, order, riitta):
    client = people.log_in(Client(), riitta)
    console = {"understood": "on", "words": "Avain löytyi verkosta.", "reason": "key_compromise"}
    client.post(f"/en/console/{order.pk}/revoke/", console)
    page = web.get(pages["order"]).text
    assert "Avain löytyi verkosta." in page
    assert "Riitta" not in page


def test_the_technical_contact_is_warned_too(matti, riitta, teemu, cas, address):
    draft = orders.with_csr(matti)
    technical = {
        "mailbox": "tekniikka@example.fi",
        "deliver_to": "technical_contact",
        "technical_name": "Teemu Teknikko",
        "technical_email": "teemu@example.fi",
        "technical_organisation": "Helsingin VI apteekki",
        "technical_language": "fi",
    }
    orders.name_contact(matti, draft, technical)
    orders.submit(matti, draft)
    order = orders.finish(matti, riitta, draft)
    people.log_in(web := Client(), matti)
    web.post(address("applications:revoke", order.pk), FILLED)
    page = people.log_in(Client(), teemu).get(address("technical:order", order.pk))
    assert "is no longer trusted." in page.text
    assert "Revoked" in page.text


def test_a_register_entry_that_is_as_it_was_is_folded_on_a_narrow_screen(web, address, order):
    page = web.get(address("applications:certificate", order.pk))
    told = page.text.partition("Register entry: then and now")[2]
    assert '<details class="fold">' in told.partition("History of the certificate")[0]
    (entry,) = page.context["register"]
    changed = replace(entry.pairs[0], now="passive")
    assert entry.is_as_it_was and not replace(entry, pairs=[changed]).is_as_it_was
