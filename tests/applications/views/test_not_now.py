"""An address opened in the wrong state: the page says how the order stands, and blames nobody."""

import pytest

from applications import services
from certportal.dev.builders import orders

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
    there = address("applications:remove_attachment", draft.pk, draft.attachments.get().pk)
    page = web.get(there)
    assert page.status_code == 405
    assert f'href="{address("applications:order", draft.pk)}">Go to the page' in page.text
