"""The account's lists are searched, narrowed and handed out; the certificate's page tells more."""

import re

import pytest
from django.utils import translation
from django.utils.formats import date_format

from applications import services
from applications.documents.certificate_files import certificate_of
from applications.views.account import filters, home
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.web import keyset
from tests.applications.long_lists import copy

HEADS = {"applications:orders": "applications:orders_csv", "certificates": "certificates_csv"}
LINK = r'href="\?([^"]*)"\s+rel="next"'


@pytest.fixture
def listed(web, address):
    """Return the orders that the list shows under a query."""

    def listed(query):
        page = web.get(f"{address('applications:orders')}?{query}")
        return [row.order.pk for row in page.context["rows"]]

    return listed


@pytest.fixture
def sent(matti):
    return orders.submitted(matti)


def test_drafts_and_closed_orders_stand_apart(matti, sent, listed):
    draft, gone = orders.draft(matti), orders.submitted(matti)
    services.withdraw(gone.pk, **orders.Handler(matti, gone).seen)
    assert listed("") == [sent.pk]
    assert listed("stage=drafts") == [draft.pk]
    assert listed("stage=ended") == [gone.pk]
    assert set(listed("stage=all")) == {sent.pk, draft.pk, gone.pk}


def test_what_waits_for_the_applicant_is_a_list_that_home_leads_to(
    matti, sent, listed, web, address, monkeypatch
):
    orders.waiting_for_contact(matti)
    own = [orders.draft(matti), orders.draft(matti)]
    for order in own:
        act(matti, services.save_section, order, "csr", {"csr_by": "applicant"})
        orders.submit(matti, order)
    assert set(listed("stage=waiting")) == {order.pk for order in own}
    monkeypatch.setattr(home, "MOST", 1)
    assert "/orders/?stage=waiting" in web.get(address("home")).text


def test_an_empty_list_says_what_will_stand_in_it_before_its_filters(matti, web, address):
    place = address("applications:orders", language="en")
    empty = web.get(place).text
    assert 0 < empty.find("There are no open orders") < empty.find('role="search"')
    narrowed = web.get(f"{place}?q=muualla").text
    assert 0 < narrowed.find('role="search"') < narrowed.find("No order fits the search")
    orders.submitted(matti)
    assert "There are no open orders" not in web.get(place).text


@pytest.mark.parametrize("words", ["erecept", "VARMUUS example", "apteekki", "Matti", "SV-20"])
def test_an_order_is_found_by_host_unit_person_and_number(sent, listed, words):
    assert listed(f"q={words}") == [sent.pk]
    assert listed(f"q={words} muualla") == []


def test_nobody_finds_the_orders_of_others(sent, kalle, address, client):
    page = people.log_in(client, kalle).get(f"{address('applications:orders')}?q=erecept&stage=all")
    assert sent.number not in page.text


def test_a_draft_without_a_name_has_its_number_once(matti, web, address):
    draft = orders.begin(matti)
    page = web.get(f"{address('applications:orders')}?stage=drafts").text
    assert page.count(draft.number) == 1


def test_the_row_says_name_unit_person_and_change(sent, web, address):
    page = web.get(address("applications:orders")).text
    for told in ("erecept.example.fi", "+1", "Helsingin VI apteekki", "Matti Meikäläinen"):
        assert told in page


def test_certificates_are_narrowed_and_sorted(matti, riitta, cas, web, address):
    first = orders.delivered(matti, riitta)
    serial = certificate_of(first).serial
    place = address("certificates")
    assert serial in web.get(f"{place}?state=valid&sort=ends&q=erecept").text
    assert serial in web.get(f"{place}?q={serial}").text
    for query in ("state=soon", "state=revoked", "state=expired", "q=muualla", "type=test_server"):
        assert serial not in web.get(f"{place}?{query}").text, query


@pytest.mark.parametrize("listing", HEADS)
def test_each_list_is_a_file_too(matti, riitta, cas, web, address, listing):
    order = orders.delivered(matti, riitta)
    rows = web.get(f"{address(HEADS[listing])}?q=erecept").getvalue().decode("utf-8-sig")
    assert order.number in rows
    assert "Helsingin VI apteekki" in rows
    nothing = web.get(f"{address(HEADS[listing])}?q=muualla").getvalue().decode("utf-8-sig")
    assert len(nothing.splitlines()) == 1


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_file_writes_days_as_the_page_does(matti, riitta, cas, web, address, language):
    end = clock.day(certificate_of(orders.delivered(matti, riitta)).not_after)
    file = web.get(address("certificates_csv", language=language)).getvalue()
    with translation.override(language):
        assert date_format(end, "SHORT_DATE_FORMAT") in file.decode("utf-8-sig").split(";")


def test_the_part_of_the_account_that_is_open_is_marked(sent, web, address):
    for place, label in [
        (address("home"), "Home"),
        (address("applications:order", sent.pk), "Orders"),
        (address("certificates"), "Certificates"),
        (address("applications:units"), "Units"),
        (address("accounts:members"), "People"),
        (address("accounts:right"), "Organisation"),
    ]:
        parts = web.get(place).context["account_parts"]()
        assert [str(part.label) for part in parts if part.current] == [label]


def test_a_printed_hash_is_compared_with_the_certificates(matti, riitta, cas, web, address):
    order = orders.delivered(matti, riitta)
    place, spki = address("applications:certificate", order.pk), certificate_of(order).spki_sha256
    assert (
        "The key fits the certificate." in web.get(place, {"hash": f"SHA2-256(stdin)= {spki}"}).text
    )
    refused = web.get(place, {"hash": "00" * 32}).text
    # The form leads to the answer, which stands beside it, with what was typed.
    assert 'method="get" action="#fits"' in refused
    asked = refused[refused.index('<details id="fits" open') :]
    asked = asked[: asked.index("</details>")]
    assert "This is not the hash" in asked and f'value="{"00" * 32}"' in asked
    shown = web.get(place).text
    assert "This is not the hash" not in shown and re.search(r'<details id="fits"\s*>', shown)
    for command in ("openssl pkey -in", "keytool -exportcert", "Get-ChildItem Cert:"):
        assert command in shown


def test_a_certificates_row_says_whose_it_is_and_when_it_changed(matti, riitta, cas, web, address):
    order = orders.delivered(matti, riitta)
    (row,) = web.get(address("certificates")).context["rows"]
    assert (row.order.contact_name, row.changed_at) == (order.contact_name, order.changed_at)
    page, file = (web.get(address(name)) for name in ("certificates", "certificates_csv"))
    for shown in (page.text, file.getvalue().decode("utf-8-sig")):
        assert order.contact_name in shown
        assert date_format(clock.day(order.changed_at), "SHORT_DATE_FORMAT") in shown
        assert order.number in shown


def walk(web, place, query):
    """Return the order numbers of each page, and the queries that lead from one to the next."""
    pages, queries = [], [query]
    while queries[-1] is not None:
        page = web.get(f"{place}?{queries[-1]}")
        pages.append([row.order.number for row in page.context["rows"]])
        found = re.search(LINK, page.text)
        queries.append(found and found[1].replace("&amp;", "&"))
    return pages, queries[:-1]


@pytest.mark.parametrize("sort", ["", "due", "number"])
def test_the_pages_keep_what_was_asked_and_meet_each_order_once(sent, web, address, sort):
    copy(sent, 59)
    query = f"q=SV-20&stage=all&sort={sort}"
    pages, queries = walk(web, address("applications:orders"), query)
    assert [len(page) for page in pages] == [25, 25, 10]
    assert len({number for page in pages for number in page}) == 60
    assert all(one.startswith(query) for one in queries)
    rows = web.get(f"{address('applications:orders_csv')}?{query}").getvalue().decode("utf-8-sig")
    listed = [row.partition(";")[0] for row in rows.splitlines()[1:]]
    assert listed == [number for page in pages for number in page]


@pytest.mark.parametrize("sort", ["", "ends"])
def test_the_pages_of_certificates_keep_what_was_asked(
    matti, riitta, cas, web, address, monkeypatch, sort
):
    monkeypatch.setattr(filters, "PER_PAGE", 1)
    made = {orders.delivered(matti, riitta).number for _ in range(2)}
    query = f"q=erecept&state=valid&sort={sort}"
    pages, queries = walk(web, address("certificates"), query)
    assert [len(page) for page in pages] == [1, 1]
    assert {number for (number,) in pages} == made
    assert queries[1].startswith(query)


def test_a_long_list_is_not_counted_to_its_end(sent, web, address, monkeypatch):
    monkeypatch.setattr(keyset, "MOST_COUNTED", 20)
    copy(sent, 20)
    assert "More than 20 orders" in web.get(address("applications:orders")).text


def test_the_domains_are_a_part_where_their_dns_is_looked_up(sent, web, address, settings):
    assert address("applications:domains") not in web.get(address("home")).text
    settings.DOMAIN_CONTROL = {"issuer": "dvv.fi", "resolvers": [("127.0.0.1", 9)], "days": 200}
    parts = web.get(address("applications:domains")).context["account_parts"]()
    assert [str(part.label) for part in parts if part.current] == ["Domains"]
