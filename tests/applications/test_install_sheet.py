"""The sheet for whoever installs a certificate: one page, made by a worker, for each reader."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from applications import services
from applications.documents import installing, papers
from applications.documents.certificate_files import certificate_of
from applications.models import Application, ContactLink, Paper
from applications.models.paper import Installing
from certportal.dev.builders import mails, orders, people
from certportal.foundation.actors import system
from issuance import services as authority
from tests.applications.pdf_texts import facts_of, text_of


def sheet_of(space: str, key) -> str:
    return reverse(f"{space}:install_sheet", args=[key])


def rendered(order, language: str = "fi") -> bytes:
    return papers.installing_sheet(certificate_of(order), order, language).content


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("type", ["server", "system_signature"])
def test_it_is_one_accessible_page_in_each_language(matti, riitta, cas, language, type):
    order = orders.delivered(matti, riitta, type)
    pdf = rendered(order, language)
    facts = facts_of(pdf)
    assert "Pages:           1" in facts
    assert "Tagged:          yes" in facts
    said = text_of(pdf)
    for told in (order.number, certificate_of(order).serial, "openssl pkcs12 -export"):
        assert told in said
    title = {"fi": "varmenteen asennus", "sv": "Installation av", "en": "Installing the"}
    assert title[language] in facts


def test_it_has_the_files_own_names_and_every_program(order):
    said = text_of(rendered(order))
    for told in (
        *("nginx", "SSLCertificateFile", "HAProxy", "certreq -accept", "keytool", "kubectl"),
        *(order.names[0], f"{order.number}_", "/fi/contact/"),
    ):
        assert told in said


def test_commands_break_between_words_so_that_they_can_be_copied(order):
    said = text_of(rendered(order)).split()
    pieces = [
        one for recipe in installing.recipes(order, certificate_of(order)) for one in recipe.pieces
    ]
    words = {word for piece in pieces for word in piece.text.split() if len(word) < 60}
    assert words <= set(said), words - set(said)


@pytest.mark.parametrize("purpose", ["server", "client"])
def test_it_tells_only_what_the_certificate_is_used_for(order, web, purpose):
    Application.objects.filter(pk=order.pk).update(purpose=purpose)
    order.refresh_from_db()
    page = web.get(reverse("applications:install", args=[order.pk])).text
    for said in (text_of(rendered(order)), page):
        serves, connects = "s_client -connect" in said, "proxy_ssl_certificate" in said
        assert (serves, connects) == (purpose == "server", purpose == "client")


def test_a_worker_makes_it_once_for_account_link_and_technical_member(order, web, teemu, riitta):
    Application.objects.filter(pk=order.pk).update(technical_email=teemu.email)
    assert web.get(sheet_of("applications", order.pk)).status_code == 202
    theirs = people.log_in(Client(), teemu)
    waiting = theirs.get(sheet_of("technical", order.pk))
    assert waiting.status_code == 202
    assert reverse("technical:install", args=[order.pk]) in waiting.text
    assert reverse("applications:order", args=[order.pk]) not in waiting.text
    orders.drain()
    (paper,) = Paper.objects.filter(installing=certificate_of(order))
    for client, space in ((web, "applications"), (theirs, "technical")):
        answer = client.get(sheet_of(space, order.pk))
        assert answer["Content-Type"] == "application/pdf"
        assert paper.name in answer["Content-Disposition"]
    assert paper.kind == "installing"


def test_it_is_in_the_language_of_the_page_whatever_the_technical_contact_s(order, web, teemu):
    Application.objects.filter(pk=order.pk).update(
        technical_email=teemu.email, technical_language="sv"
    )
    theirs = people.log_in(Client(), teemu)
    asked = (
        (web, "applications", "fi", "varmenteen asennus"),
        (web, "applications", "en", "Installing the"),
        (theirs, "technical", "sv", "Installation av"),
    )
    addresses = []
    for client, space, language, _title in asked:
        with translation.override(language):
            addresses.append(sheet_of(space, order.pk))
        assert client.get(addresses[-1]).status_code == 202
    orders.drain()
    for (client, _space, _language, title), address in zip(asked, addresses, strict=True):
        pdf = client.get(address).content
        assert title in facts_of(pdf)


def test_the_receipt_of_a_revocation_is_another_paper_of_the_same_certificate(order, now):
    certificate = certificate_of(order)
    by = {"actor": system("test"), "now": now}
    sheet = services.want_paper(Installing(certificate, "fi"), **by)
    notice = services.want_paper(certificate, **by)
    assert sheet.pk != notice.pk
    assert services.want_paper(Installing(certificate, "fi"), **by) == sheet


def test_pages_and_mails_lead_to_it(order, web):
    address = sheet_of("applications", order.pk)
    for name in ("order", "install"):
        assert address in web.get(reverse(f"applications:{name}", args=[order.pk])).text
    assert address in mails.about_order("package", order, "applicant").text


def test_nothing_is_offered_of_a_revoked_certificate(order, web, now):
    authority.revoke(certificate_of(order).pk, "superseded", actor=system("test"), now=now)
    answer = web.get(sheet_of("applications", order.pk))
    assert answer.status_code == 409
    assert "Älä asenna tätä varmennetta" in answer.text
    page = web.get(reverse("applications:install", args=[order.pk])).text
    assert sheet_of("applications", order.pk) not in page


def test_for_strangers_there_is_none(order, stranger):
    other = people.log_in(Client(), stranger)
    for space in ("applications", "technical"):
        assert other.get(sheet_of(space, order.pk)).status_code == 404
    assert not ContactLink.objects.filter(application=order).exists()
