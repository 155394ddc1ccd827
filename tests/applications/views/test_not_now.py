"""An address opened in the wrong state: the page says how the order stands, and blames nobody."""

from html import unescape
from uuid import uuid4

import pytest
from django.test import Client

from applications import services
from certportal.dev.builders import orders, people

WORDS = {
    "fi": ("Tätä ei voi tehdä nyt", "Tilauksen tila: Käsittelyssä."),
    "sv": ("Det här kan inte göras nu", "Beställningens status: Under behandling."),
    "en": ("This cannot be done now", "Its status is: In review."),
}


@pytest.mark.parametrize("language", WORDS)
def test_matti_types_the_address_of_the_contact_s_page(web, address, matti, language):
    case = orders.in_review(matti)
    page = web.get(address("applications:rename_contact", case.pk, language=language))
    assert page.status_code == 409
    assert all(words in page.text for words in WORDS[language])
    assert f'href="{address("applications:order", case.pk, language=language)}"' in page.text


@pytest.mark.parametrize("name", ["add_information", "withdraw"])
def test_matti_comes_back_to_what_he_ended_himself(web, address, matti, name):
    case = orders.in_review(matti)
    services.withdraw(case.pk, **orders.Handler(matti, case).seen)
    page = web.get(address(f"applications:{name}", case.pk))
    assert page.status_code == 409
    assert "Its status is: Withdrawn." in page.text
    assert "omebody" not in page.text
    assert "Nothing was saved." not in page.text


def test_matti_presses_withdraw_twice(web, address, matti):
    case = orders.in_review(matti)
    there, seen = address("applications:withdraw", case.pk), {"version": case.version}
    assert web.post(there, seen).status_code == 302
    page = web.post(there, seen)
    assert page.status_code == 409
    assert "Its status is: Withdrawn." in page.text
    assert "Nothing was saved." in page.text
    assert "omebody" not in page.text


def test_what_was_discarded_leads_to_no_page_of_it(web, address, matti, monkeypatch):
    """Gone between finding the draft and locking it."""
    draft = orders.draft(matti)
    seen, there = {"version": draft.version}, address("applications:discard", draft.pk)
    discard = services.discard

    def late(key, **given):
        discard(key, **given)
        return discard(key, **given)

    monkeypatch.setattr(services, "discard", late)
    page = web.post(there, seen)
    assert page.status_code == 409
    assert f'href="{address("applications:order", draft.pk)}"' not in page.text


def test_the_address_of_a_button_leads_to_its_order(web, address, matti):
    draft = orders.with_csr(matti, "system_signature")
    buttons = ("resend_link", "revoke_link", "installed", "renewing")
    places = [address(f"applications:{name}", draft.pk) for name in buttons]
    attached = draft.attachments.get()
    for there in (*places, address("applications:remove_attachment", draft.pk, attached.pk)):
        page = web.get(there)
        assert page.status_code == 405, there
        assert f'href="{address("applications:order", draft.pk)}">Go to the page' in page.text


OF_A_CERTIFICATE = ("certificate", "install", "install_sheet", "revoke", "revocation_notice")
EARLY = {
    "fi": (
        "Tilauksella ei ole vielä varmennetta. Tilauksen tila: Käsittelyssä.",
        "Tilausta koskevaa päätöstä ei voi vielä lukea. Tilauksen tila: Käsittelyssä.",
    ),
    "sv": (
        "Beställningen har inget certifikat ännu. Beställningens status: Under behandling.",
        "Beslutet om beställningen kan inte läsas ännu. Beställningens status: Under behandling.",
    ),
    "en": (
        "The order has no certificate yet. Its status is: In review.",
        "The decision on the order cannot be read yet. The order's status is: In review.",
    ),
}


@pytest.mark.parametrize("language", EARLY)
def test_matti_looks_for_certificate_and_decision_too_early(web, address, matti, language):
    case = orders.in_review(matti)
    places = {(name, ()): EARLY[language][0] for name in OF_A_CERTIFICATE}
    places |= {("download", (kind,)): EARLY[language][0] for kind in ("der", "ics")}
    places |= {("decision", ()): EARLY[language][1]}
    for (name, more), words in places.items():
        page = web.get(address(f"applications:{name}", case.pk, *more, language=language))
        assert page.status_code == 409, name
        assert words in unescape(page.text), name
        order = address("applications:order", case.pk, language=language)
        assert f'<a class="button" href="{order}">' in page.text


def test_matti_looks_for_what_will_not_come(web, address, matti):
    case = orders.in_review(matti)
    services.withdraw(case.pk, **orders.Handler(matti, case).seen)
    pages = [web.get(address(f"applications:{name}", case.pk)) for name in ("install", "decision")]
    assert [page.status_code for page in pages] == [409, 409]
    assert "No certificate was issued for the order. Its status is: Withdrawn." in pages[0].text
    assert "No decision was made on the order. Its status is: Withdrawn." in pages[1].text


def test_kalle_learns_nothing_of_an_order_that_is_not_his(address, matti, kalle):
    case = orders.in_review(matti)
    browser = people.log_in(Client(), kalle)
    for name in (*OF_A_CERTIFICATE, "decision"):
        for key in (case.pk, uuid4()):
            assert browser.get(address(f"applications:{name}", key)).status_code == 404, name


def test_teemu_looks_for_the_certificate_that_he_shall_install_too_early(address, matti, teemu):
    case = orders.waiting_for_contact(matti, technical_email="teemu@example.fi")
    browser = people.log_in(Client(), teemu)
    for name, more in (("install", ()), ("install_sheet", ()), ("download", ("der",))):
        page = browser.get(address(f"technical:{name}", case.pk, *more))
        assert page.status_code == 409, name
        assert "The order has no certificate yet. Its status is: Waiting for" in page.text
        assert f'href="{address("technical:order", case.pk)}"' in page.text


@pytest.mark.parametrize("name", ["answer_hearing", "return_names", "add_information"])
def test_a_form_that_is_not_filled_in_is_refused_where_there_is_nothing_to_answer(
    matti, riitta, cas, web, address, name
):
    order = orders.delivered(matti, riitta)
    answer = web.post(address(f"applications:{name}", order.pk), {"version": order.version})
    assert answer.status_code == 409
