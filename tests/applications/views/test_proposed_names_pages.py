"""The pages on which host names are left open, proposed, confirmed and sent back."""

import re

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.register.models import RegisterRecord
from applications import services
from applications.models import Application
from applications.services.applicant import answers, proposed_names as service
from applications.workflow import Status
from certportal.dev.builders import orders, people, proposed_names
from certportal.dev.builders.mails import about_order
from certportal.foundation import clock
from issuance.models import Certificate
from tests.applications.contact.conftest import at, give
from tests.tables import rewrite

DECLARED = {"authority": "on", "domains": "on", "truth": "on", "binding": "on"}
LANGUAGES = ["fi", "sv", "en"]
PASTED = "https://erecept.example.fi/login, DNS:varmuus.example.fi"


@pytest.fixture
def draft(matti):
    made = orders.draft(matti)
    made.refresh_from_db()
    return made


@pytest.fixture
def order(matti):
    """Matti's order, which waits for Tiina's request and host names."""
    return proposed_names.left(matti)


@pytest.fixture
def link(order):
    return order.contact_links.get()


@pytest.fixture
def tiina(link):
    """Tiina's browser, in which she has opened her link."""
    client = Client()
    client.post(at(link))
    return client


def unopened(client, *places):
    """Return the addresses that answer with no page, or with one without a heading."""
    pages = {one: client.get(one) for one in places}
    return [one for one, page in pages.items() if page.status_code != 200 or "<h1" not in page.text]


def said(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def propose(tiina, link, names):
    """Give a request by the link and these lines as host names; return the answer."""
    preview = give(tiina, link)["Location"]
    version = tiina.get(preview).context["application"].version
    return tiina.post(preview, {"version": version, "host_names": names})


def save(web, draft, address, **values):
    part = address("applications:part", draft.pk, "host_names")
    answer = web.post(part, {"version": draft.version} | values)
    draft.refresh_from_db()
    return answer


def test_a_draft_leaves_its_names_and_asks_for_the_contact_instead(web, draft, address):
    page = web.get(address("applications:part", draft.pk, "host_names"))
    assert "The technical contact proposes the host names" in page.text
    answer = save(web, draft, address, host_names="", left="on")
    assert answer["Location"] == address("applications:part", draft.pk, "technical")
    assert (draft.names, draft.names_by, draft.csr_by) == ([], *["technical_contact"] * 2)
    tasks = said(web.get(address("applications:order", draft.pk)))
    assert "The technical contact proposes them with the certificate request" in tasks
    save(web, draft, address, host_names="erecept.example.fi")
    assert (draft.names, draft.names_by) == (["erecept.example.fi"], "")


def test_it_is_said_that_the_contact_s_request_takes_the_place_of_the_own(web, matti, address):
    draft = orders.with_csr(matti)
    draft.refresh_from_db()
    answer = save(web, draft, address, host_names="", left="on")
    assert draft.csr is None
    assert "gives a certificate request in place of yours" in web.get(answer["Location"]).text


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"host_names": ""}, "Enter at least one host name."),
        (
            {"host_names": "uusi.example.fi", "left": "on"},
            "Leave the list of host names empty, or untick this.",
        ),
    ],
)
def test_names_are_given_or_left_not_both_and_not_neither(web, draft, address, given, error):
    page = save(web, draft, address, **given)
    assert error in page.text
    assert given["host_names"] in page.text
    assert len(draft.names) == 2


def test_the_contact_proposes_the_names_of_the_request_or_a_pasted_list(order, link, tiina):
    assert "you also propose the host names" in Client().get(at(link)).text
    page = tiina.get(at(link, "order")).text
    assert "<h1>Server certificate</h1>" in page
    assert "and the host names from you" in page
    assert "after the host names have been confirmed" in page
    asked = tiina.get(at(link, "csr"))
    assert "You propose the host names" in said(asked)
    assert "Helsingin VI apteekki" in tiina.get(asked.context["commands_url"]).text
    preview = give(tiina, link)["Location"]
    page = tiina.get(preview)
    assert "erecept.example.fi</textarea>" in page.text
    assert "Send the request and the host names" in page.text
    answer = propose(tiina, link, PASTED)
    assert answer["Location"] == at(link, "order")
    order.refresh_from_db()
    assert order.status == Status.NAMES_PROPOSED
    assert order.names == ["erecept.example.fi", "varmuus.example.fi"]
    page = said(tiina.get(answer["Location"]))
    assert "We read what you entered as these host names" in page
    assert "Matti Meikäläinen confirms them before the order is handled" in page
    assert "Give another request and other host names" in page


@pytest.mark.parametrize("names", ["", "palvelin.local", "*.example.fi"])
def test_names_that_cannot_be_certified_are_refused_and_stay_typed(order, link, tiina, names):
    page = propose(tiina, link, names)
    assert page.status_code == 200
    assert "field__error" in page.text
    assert names in page.text
    order.refresh_from_db()
    assert order.status == Status.AWAITING_CSR
    assert order.names == []


def test_a_page_of_before_keeps_what_was_typed(order, link, tiina, matti):
    preview = give(tiina, link)["Location"]
    proposed_names.propose(order)
    page = tiina.post(preview, {"version": 1, "host_names": "varmuus.example.fi"})
    assert page.status_code == 409
    assert "varmuus.example.fi</textarea>" in page.text


def test_confirmed_in_between_says_so_and_shows_what_was_typed(order, link, tiina, matti):
    preview = give(tiina, link)["Location"]
    version = tiina.get(preview).context["application"].version
    proposed_names.confirm(matti, proposed_names.propose(order))
    page = tiina.post(preview, {"version": version, "host_names": "varmuus.example.fi"})
    assert page.status_code == 409
    assert "The host names have been confirmed in the meantime" in page.text
    assert "<li>varmuus.example.fi</li>" in page.text
    assert at(link, "order") in page.text


def test_home_and_the_order_ask_to_confirm_and_show_what_is_known(web, matti, order, address):
    proposed_names.propose(order, "erecept.example.fi", "uusi.example.fi")
    assert f"Confirm the host names: erecept.example.fi, {order.number}" in said(
        web.get(address("home"))
    )
    page = web.get(address("applications:order", order.pk))
    rows = {one.name: one for one in page.context["proposed"]}
    assert rows["erecept.example.fi"].in_request
    assert not rows["uusi.example.fi"].in_request
    assert "Your organisation has had no certificate in the domain example.fi" in said(page)
    assert address("applications:return_names", order.pk) in page.text
    assert "The technical contact has proposed the host names" in said(page)


def test_an_order_without_host_names_names_its_type_once(web, order, link, tiina, address):
    own = address("applications:order", order.pk)
    for client, page in ((web, own), (tiina, at(link, "order"))):
        with_heading = client.get(page).text.partition("<h1>")[2]
        assert with_heading.partition("<h2")[0].count("Server certificate") == 1


def test_a_name_only_in_the_request_and_a_domain_known_are_told(
    web, matti, riitta, cas, order, address
):
    orders.delivered(matti, riitta)
    proposed_names.propose(order, "uusi.example.fi")
    page = said(web.get(address("applications:order", order.pk)))
    assert "Only in the request: the certificate does not get it." in page
    assert "Your organisation has had a certificate in the domain example.fi." in page


@pytest.mark.parametrize("what", ["test_server", "revoked"])
def test_a_test_certificate_or_a_revoked_one_makes_no_domain_known(
    web, matti, riitta, cas, order, address, what
):
    if what == "revoked":
        Certificate.objects.filter(reference=orders.delivered(matti, riitta).pk).update(
            state="revoked", revoked_at=clock.now(), revocation_reason="superseded"
        )
    else:
        orders.finish(matti, riitta, orders.submitted(matti, what))
    proposed_names.propose(order, "uusi.example.fi")
    row = web.get(address("applications:order", order.pk)).context["proposed"][0]
    assert row.is_doubtful


def test_confirming_sends_the_order_once_with_its_names(web, order, address):
    proposed_names.propose(order, "erecept.example.fi")
    order.refresh_from_db()
    place = address("applications:check", order.pk)
    page = web.get(place)
    assert "Check and confirm the host names" in page.text
    assert "The organisation administers the domain of each host name" in page.text
    form = {"version": order.version} | DECLARED
    refused = web.post(place, {"version": order.version})
    assert "Declare this to send the order" in refused.text
    for _click in range(2):
        assert web.post(place, form)["Location"] == address("applications:sent", order.pk)
    order.refresh_from_db()
    assert order.status == Status.CHECKING
    assert order.submissions.count() == 2
    assert (
        "The host names have been confirmed" in web.get(address("applications:sent", order.pk)).text
    )
    page = said(web.get(address("applications:order", order.pk)))
    assert "The host names were confirmed" in page
    assert "The answer was sent" not in page


def test_a_unit_renamed_meanwhile_is_spelled_before_the_names_are_confirmed(web, order, address):
    proposed_names.propose(order)
    named = RegisterRecord.objects.filter(oid=orders.UNIT)
    rewrite(named, long_name="Łódź apteekki", abbreviation="")
    page = web.get(address("applications:check", order.pk))
    assert "Say how these names are written in the certificate" in said(page)
    place = address("applications:names", order.pk) + "?from=check"
    assert place in page.text
    form = web.get(place).context["form"]
    order.refresh_from_db()
    spelled = dict.fromkeys(form.fields, "Lódz apteekki") | {"version": order.version}
    answer = web.post(place, spelled)
    assert answer["Location"] == address("applications:check", order.pk)
    assert "Confirm the host names" in web.get(answer["Location"]).text
    proposed_names.confirm(order.created_by, Application.objects.get(pk=order.pk))


def test_names_that_changed_meanwhile_are_shown_before_they_are_confirmed(web, order, address):
    proposed_names.propose(order, "erecept.example.fi")
    seen = Application.objects.get(pk=order.pk).version
    proposed_names.propose(order, "varmuus.example.fi")
    page = web.post(address("applications:check", order.pk), {"version": seen} | DECLARED)
    assert page.status_code == 409
    assert "varmuus.example.fi" in page.text
    order.refresh_from_db()
    assert order.status == Status.NAMES_PROPOSED


def test_sent_back_names_come_to_the_contact_with_the_reason(web, order, link, tiina, address):
    propose(tiina, link, "erecept.example.fi vanha.example.fi")
    place = address("applications:return_names", order.pk)
    order.refresh_from_db()
    assert (
        "Write what the technical contact should change."
        in web.post(place, {"version": order.version, "text": ""}).text
    )
    words = "Ota vanha.example.fi pois."
    late = web.post(place, {"version": order.version - 1, "text": words})
    assert late.status_code == 409
    assert words in late.text
    answer = web.post(place, {"version": order.version, "text": words})
    assert answer["Location"] == address("applications:order", order.pk)
    assert "The host names were sent back" in said(web.get(answer["Location"]))
    page = tiina.get(at(link, "order"))
    assert words in page.text
    preview = at(link, "preview", order.csrs.get().pk)
    assert preview in page.text
    version = tiina.get(preview).context["application"].version
    tiina.post(preview, {"version": version, "host_names": "erecept.example.fi"})
    order.refresh_from_db()
    assert (order.status, order.names) == (Status.NAMES_PROPOSED, ["erecept.example.fi"])
    assert web.get(place).status_code == 200
    proposed_names.confirm(order.created_by, order)
    assert web.get(place).status_code == 409


def test_sent_back_to_nobody_says_so_and_asks_for_another_contact(web, order, link, tiina, address):
    propose(tiina, link, "erecept.example.fi")
    services.not_mine(link.pk, **proposed_names.by(link))
    order.refresh_from_db()
    place = address("applications:return_names", order.pk)
    page = said(web.get(place))
    assert "so nobody will get an email" in page
    assert "We email it to the technical contact" not in page
    answer = web.post(place, {"version": order.version, "text": "Toiset nimet."})
    assert answer["Location"] == address("applications:rename_contact", order.pk)
    assert "Name now who proposes them." in web.get(answer["Location"]).text


@pytest.mark.usefixtures("still")
def test_too_many_tries_keep_what_was_typed(web, order, link, tiina, address, monkeypatch):
    monkeypatch.setattr(service, "MOST_PROPOSALS_A_DAY", 1)
    propose(tiina, link, "erecept.example.fi")
    page = propose(tiina, link, "varmuus.example.fi")
    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0
    assert "varmuus.example.fi</textarea>" in page.text
    monkeypatch.setattr(answers, "MOST_ADDITIONS_A_DAY", 0)
    order.refresh_from_db()
    form = {"version": order.version, "text": "Vain yksi nimi."}
    page = web.post(address("applications:return_names", order.pk), form)
    assert page.status_code == 429
    assert "Vain yksi nimi." in page.text


def test_names_that_were_sent_back_are_nobodys_wish_but_stay_in_the_list(order, link, tiina, matti):
    many = "erecept.example.fi vanha.example.fi varmuus.example.fi"
    propose(tiina, link, many)
    order.refresh_from_db()
    proposed_names.send_back(matti, order)
    again = tiina.get(at(link, "preview", order.csrs.get().pk))
    assert "\n".join(many.split()) in again.text.replace("\r", "")
    assert "The list begins with the names that were sent back: correct them." in said(again)
    assert again.context["differences"] == []
    assert "Differs. The certificate gets:" not in said(again)
    asked = tiina.get(at(link, "csr"))
    assert asked.context["instructions"] == {}
    assert "vanha.example.fi" not in asked.text
    other = tiina.get(give(tiina, link, orders.openssl_csr("uusi.example.fi"))["Location"])
    assert "uusi.example.fi</textarea>" in other.text
    assert "The list begins with the names in your request." in said(other)
    assert other.context["differences"] == []


def test_a_request_with_a_common_name_alone_has_the_name(web, order, address):
    only = orders.csr_with("-subj", "/C=FI/CN=erecept.example.fi")
    proposed_names.propose(order, "erecept.example.fi", csr=only)
    (row,) = web.get(address("applications:order", order.pk)).context["proposed"]
    assert row.name == "erecept.example.fi"
    assert row.in_request


def test_names_that_nobody_confirmed_are_told_as_proposed(web, order, link, tiina, matti, address):
    proposed_names.propose(order, "erecept.example.fi")
    proposed_names.send_back(matti, order)
    letter = about_order("link_sent", order, "technical_contact")
    with translation.override("sv"):
        assert f"{_('Proposed host names')}: erecept.example.fi" in letter.text
    assert "Proposed host names erecept.example.fi" in said(tiina.get(at(link, "order")))
    services.withdraw(order.pk, **orders.Handler(matti, order).seen)
    place = address("applications:order", order.pk)
    for page in (web.get(place), web.get(address("applications:orders"), {"stage": "ended"})):
        assert "erecept.example.fi (proposed)" in said(page)
    assert "Proposed host names erecept.example.fi" in said(web.get(place))


def test_who_ordered_can_bring_both_alone(web, order, address):
    page = web.get(address("applications:give_csr", order.pk))
    form = {"version": page.context["application"].version, "how": "text"}
    text = orders.openssl_csr().decode()
    preview = web.post(address("applications:give_csr", order.pk), form | {"text": text})[
        "Location"
    ]
    version = web.get(preview).context["application"].version
    answer = web.post(preview, {"version": version, "host_names": "erecept.example.fi"})
    assert answer["Location"] == address("applications:check", order.pk)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_opens_in_each_language(web, order, link, tiina, address, language):
    assert unopened(tiina, at(link, "order", language=language)) == []
    assert unopened(tiina, at(link, "csr", language=language)) == []
    propose(tiina, link, "erecept.example.fi uusi.example.fi")
    key = order.csrs.get().pk
    assert unopened(tiina, at(link, "preview", key, language=language)) == []
    names = ["order", "check", "return_names", "sent", "withdraw", "give_csr", "rename_contact"]
    pages = [address(f"applications:{name}", order.pk, language=language) for name in names]
    assert unopened(web, *pages, address("home", language=language)) == []


def test_neither_the_contact_nor_strangers_confirm(order, link, tiina, kalle, teemu, address):
    propose(tiina, link, "erecept.example.fi")
    order.refresh_from_db()
    for name in ("check", "return_names"):
        place = address(f"applications:{name}", order.pk)
        form = {"version": order.version, "text": "Ei."} | DECLARED
        assert tiina.post(place, form).status_code == 302  # to the login: a link is no account
        for stranger in (kalle, teemu):
            assert people.log_in(Client(), stranger).post(place, form).status_code == 404
    order.refresh_from_db()
    assert order.status == Status.NAMES_PROPOSED
