"""Filling in an order: each part is saved, each fault is named, nothing typed is lost."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.register.models import RegisterRecord
from applications import services
from applications.models import Application
from applications.views.order import unit
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from tests.tables import rewrite

CLINIC, WARD = "1.2.246.10.99000085.10.0", "1.2.246.10.99000093.10.101"


@pytest.fixture
def draft(matti):
    draft = orders.draft(matti)
    draft.refresh_from_db()
    return draft


@pytest.fixture
def fill(web, draft, address):
    """Post one part as the page would."""

    def fill(part, version=None, query="", order=draft, **values):
        order.refresh_from_db()
        data = {"version": version or order.version} | values
        answer = web.post(address("applications:part", order.pk, part) + query, data)
        order.refresh_from_db()
        return answer

    return fill


def test_choosing_a_type_begins_a_draft_with_my_name_as_contact(web, address, matti):
    answer = web.post(address("applications:new"), {"type": "test_server"})
    draft = Application.objects.get()
    assert answer["Location"] == address("applications:order", draft.pk)
    assert (draft.type, draft.contact_name) == ("test_server", "Matti Meikäläinen")
    assert "TEST" in web.get(answer["Location"]).text


def test_a_draft_leads_to_the_first_missing_part_and_at_last_to_sending(web, address, matti):
    web.post(address("applications:new"), {"type": "server"})
    page = web.get(address("applications:order", Application.objects.get().pk))
    assert page.context["next_part"].id == "unit"
    assert "Continue: " in page.text
    ready = web.get(address("applications:order", orders.with_csr(matti).pk))
    assert "Continue: " not in ready.text
    check = f'<a class="button" href="{ready.context["check_url"]}">'
    assert check in ready.text


def test_no_type_chosen_is_said_and_nothing_begins(web, address):
    page = web.post(address("applications:new"), {"type": ""})
    assert "Choose which certificate you order." in page.text
    assert not Application.objects.exists()


def test_saving_a_part_leads_to_the_next_missing_one(web, address, matti):
    web.post(address("applications:new"), {"type": "server"})
    draft = Application.objects.get()
    part = address("applications:part", draft.pk, "purpose")
    answer = web.post(part, {"version": draft.version, "purpose": "both"})
    assert answer["Location"] == address("applications:part", draft.pk, "host_names")


def test_parts_that_are_needed_are_counted_and_optional_ones_told_apart(web, address, matti):
    web.post(address("applications:new"), {"type": "server"})
    order = address("applications:order", Application.objects.get().pk)
    page = web.get(order)
    assert "2 of the 8 parts that the order needs are ready. 1 part is optional." in said(page)


def test_a_technical_contact_who_gets_the_certificate_is_needed(fill, web, address, draft):
    fill("delivery", mailbox="tekniikka@example.fi", deliver_to="technical_contact")
    page = web.get(address("applications:order", draft.pk))
    assert "7 of the 9 parts that the order needs are ready. Every part" in said(page)


def said(page):
    return " ".join(page.text.split())


@pytest.mark.parametrize(("type", "named"), [("server", False), ("system_signature", True)])
def test_names_show_the_unit_only_where_the_certificate_has_it(web, address, matti, type, named):
    draft = orders.draft(matti, type)
    page = web.get(address("applications:names", draft.pk)).text
    assert ("Unit (OU)" in page) == named
    assert ("A server certificate does not name the unit." in page) != named


@pytest.mark.parametrize(
    ("type", "part", "purpose"),
    [
        ("server", "purpose", "Secures the connections of your server"),
        ("test_server", "host_names", "For testing connections."),
        ("system_signature", "system", "Your information system signs documents with it."),
        ("email", "mailbox_proof", "Signs and encrypts the mail of a mailbox"),
    ],
)
def test_a_type_chosen_wrongly_is_told_by_the_part_that_only_it_has(
    web, address, matti, type, part, purpose
):
    draft = orders.draft(matti, type)
    page = web.get(address("applications:part", draft.pk, part)).text
    assert purpose in page
    assert address("applications:part", draft.pk, "type") in page
    assert purpose not in web.get(address("applications:part", draft.pk, "contact")).text


def test_save_and_return_leads_to_the_list(fill, draft, address):
    answer = fill("purpose", purpose="client", then="tasks")
    assert answer["Location"] == address("applications:order", draft.pk)
    assert draft.purpose == "client"


def test_a_change_from_the_check_leads_back_to_the_check(fill, draft, address):
    answer = fill("purpose", query="?from=check", purpose="server")
    assert answer["Location"] == address("applications:check", draft.pk)


def test_the_unit_is_picked_from_the_register_by_its_long_name(web, fill, draft, address):
    page = web.get(address("applications:part", draft.pk, "unit"))
    assert "Helsingin VI apteekki" in page.text
    answer = fill("unit", record=f"sote_unit:{orders.UNIT}")
    assert answer["Location"] == address("applications:names", draft.pk)
    assert draft.record_oid == orders.UNIT


def test_the_search_narrows_the_units_and_says_when_none_fits(web, draft, address):
    part = address("applications:part", draft.pk, "unit")
    assert "None of your organisation" in web.get(part, {"q": "hammaslääkäri"}).text
    assert orders.UNIT in web.get(part, {"q": orders.UNIT}).text


def test_a_search_that_fits_more_units_than_are_shown_says_so(web, draft, address, monkeypatch):
    place, asked = address("applications:part", draft.pk, "unit"), {"q": "apteekki"}
    assert "2 units found." in web.get(place, asked).text
    monkeypatch.setattr(unit, "SHOWN", 1)
    assert "More than 1 units found" in web.get(place, asked).text


def test_a_unit_of_another_organisation_cannot_be_chosen(fill, draft):
    page = fill("unit", record=f"sote_unit:{CLINIC}")
    assert "The unit belongs to another organisation" in page.text
    assert draft.record_oid == orders.UNIT


def test_a_unit_that_ended_while_the_page_was_open_is_explained(sample, address, now):
    head = people.make_founder("Hilla Hyvinvointi", "9900009-3", now=now)
    order = orders.draft(head, unit=WARD)
    rewrite(RegisterRecord.objects.filter(oid=WARD), valid_to=clock.day(now) - timedelta(days=1))
    web = people.log_in(Client(), head)
    part = address("applications:part", order.pk, "unit")
    page = web.post(part, {"version": order.version, "record": f"sote_unit:{WARD}"})
    assert "The chosen unit has ended in the register." in page.text
    assert "error-summary" not in page.text
    new = address("applications:new") + f"?unit={WARD}"
    page = web.post(new, {"type": "server"})
    assert "The chosen unit has ended in the register." in page.text
    assert "What you can do" in page.text
    assert "Your order is kept" not in page.text  # there is none


@pytest.mark.parametrize("record", ["", "x:1.2", "sote_unit:1\x00"])
def test_no_unit_chosen_is_an_error_of_the_field(fill, record):
    assert "error-summary" in fill("unit", record=record).text


def test_without_a_standing_unit_a_page_explains_what_to_do(web, draft, address):
    rewrite(draft.organisation.business_ids, code="0000000-0")
    page = web.get(address("applications:part", draft.pk, "unit"))
    assert "No unit in the register can be ordered for" in page.text


def test_the_names_page_shows_what_the_certificate_will_say(web, draft, address):
    page = web.get(address("applications:names", draft.pk))
    assert "Helsingin VI apteekki" in page.text


def test_characters_outside_the_set_are_asked_and_never_replaced(web, matti, address):
    draft = orders.with_csr(matti)
    draft.refresh_from_db()
    records = RegisterRecord.objects.filter(oid=orders.UNIT)
    rewrite(records, long_name="Łódź apteekki", abbreviation="")
    check = address("applications:check", draft.pk)
    assert "Write the names" in web.get(check).text
    names = address("applications:names", draft.pk)
    assert "Ł ź" in web.get(names).text
    version = {"version": draft.version}
    page = web.post(names, version | {"organisation_spelling": "Łodz apteekki"})
    assert "without these characters: Ł" in page.text
    web.post(names, version | {"organisation_spelling": "Lodz apteekki"})
    draft.refresh_from_db()
    assert draft.organisation_spelling == "Lodz apteekki"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("*.example.fi", "“*.example.fi” has an asterisk"),
        ("192.0.2.7", "“192.0.2.7” is an IP address"),
        ("it@example.fi", "“it@example.fi” is an email address"),
        ("https://192.0.2.7/", "“192.0.2.7” is an IP address"),
        ("https:///", "“https:///” is a web address"),
        ("ere_sept.example.fi", "“ere_sept.example.fi” has an underscore"),
        ("apteekki.local", "“apteekki.local” works inside a private network only"),
        ("localhost.localdomain", "works inside a private network only"),
        ("co.uk", "“co.uk” is a common ending of domain names"),
        ("xn--80ak6aa92e.com", "letters other than Latin ones"),
        ("аррӏе.com", "“xn--80ak6aa92e.com (аррӏе.com)” is written with"),
        ("xn--a.example", "is not valid internationalised writing"),
        ("kanta.acme", "does not end in a domain that is in use on the internet"),
        ("palvelin", "“palvelin” is not a full host name"),
        ("-a.example.fi", "“-a.example.fi” begins or ends with a hyphen"),
        (f"{'a' * 60}.example.fi\na.example.fi", "too long to be the main name"),
        ("  ", "Enter at least one host name."),
    ],
)
def test_each_faulty_host_name_is_named(fill, typed, said):
    assert said in fill("host_names", host_names=typed).text


def test_what_names_have_in_common_is_advised_once(fill):
    page = fill("host_names", host_names="erecept.example.fi, Apoteket i Vasa").text
    field = page.partition("</h1>")[2]
    assert [field.count(f"“{name}” is not a full") for name in ("apoteket", "i", "vasa")] == [1] * 3
    assert field.count("Use the full public name") == 1


def test_of_very_many_faulty_host_names_it_says_that_there_are_others(fill):
    typed = [f"a_{number}.example.fi" for number in range(11)]
    others = "There are faults in other names too."
    assert others in fill("host_names", host_names="\n".join(typed)).text
    assert others not in fill("host_names", host_names="\n".join(typed[:10])).text


def test_host_names_are_tidied_and_kept_in_order(fill, draft):
    fill("host_names", host_names="B.example.fi.\n a.example.fi \r\nb.example.fi\n")
    assert [host.name for host in draft.host_names.all()] == ["b.example.fi", "a.example.fi"]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("https://erecept.example.fi/kirjaudu?a=1", ["erecept.example.fi"]),
        ("erecept.example.fi:8443", ["erecept.example.fi"]),
        ("a.example.fi, b.example.fi;c.example.fi d.example.fi", ["a", "b", "c", "d"]),
        ("DNS:a.example.fi,DNS:b.example.fi", ["a", "b"]),
        ("subjectAltName = DNS:a.example.fi, DNS:b.example.fi", ["a", "b"]),
        ("DNS.1 = a.example.fi\nDNS.2 = b.example.fi", ["a", "b"]),
        ("• a.example.fi\n- b.example.fi\n3) c.example.fi", ["a", "b", "c"]),
        ("DNS.1    = a.example.fi\nDNS.10   = b.example.fi", ["a", "b"]),
        ("san:dns=a.example.fi&dns=b.example.fi\ncritical, DNS:dns.example.fi", ["a", "b", "dns"]),
        ('subjectAltName=critical,DNS:a.example.fi\n-ext "SAN=dns:b.example.fi"', ["a", "b"]),
        ("subjectAltName = @alt_names\n[ alt_names ]\nDNS.1 = san.example.fi", ["san"]),
        ("X509v3 Subject Alternative Name: critical\nDNS:a.fi\nDNS Name=b.fi", ["a.fi", "b.fi"]),
        ('["a.example.fi", "https://b.example.fi/"]', ["a", "b"]),
        ("‘a.example.fi’, «b.example.fi»\n● `c.example.fi`", ["a", "b", "c"]),
        ("PÄIVÄKOTI.example.fi", ["xn--pivkoti-5wac"]),
    ],
)
def test_what_is_pasted_is_taken_apart_and_matti_is_told(web, fill, draft, typed, names):
    answer = fill("host_names", host_names=typed)
    wanted = [name if "." in name else f"{name}.example.fi" for name in names]
    assert [host.name for host in draft.host_names.all()] == wanted
    page = web.get(answer["Location"])
    assert "We read what you entered as these host names" in page.text
    assert wanted[-1] in page.text


def test_names_given_one_a_line_need_no_word(web, fill):
    answer = fill("host_names", host_names="a.example.fi\nB.example.fi.")
    assert "We read what you entered" not in web.get(answer["Location"]).text


def test_a_long_host_name_may_stand_after_the_main_name(fill, draft):
    fill("host_names", host_names=f"a.example.fi\n{'a' * 60}.example.fi")
    assert draft.host_names.count() == 2


def test_what_was_typed_stands_when_the_page_returns(fill):
    page = fill("host_names", host_names="oikea.example.fi\nväärä")
    assert "oikea.example.fi" in page.text
    assert "Error:" in page.text


@pytest.mark.parametrize(
    ("months", "said"), [("13", "at most 12 months"), ("0", "at least 1 month"), ("x", "in digits")]
)
def test_a_server_certificate_is_valid_at_most_a_year(fill, months, said):
    assert said in fill("validity", validity_months=months, begins="at_once").text


@pytest.mark.parametrize(("days", "ok"), [(0, False), (1, True), (60, True), (61, False)])
def test_validity_begins_at_most_sixty_days_ahead(fill, draft, now, days, ok):
    day = clock.day(now) + timedelta(days=days)
    typed = f"{day:%d.%m.%Y}"
    fill("validity", validity_months="6", begins="chosen", start=typed)
    assert (draft.start == day) is ok


def test_a_chosen_day_that_passes_before_the_order_is_sent_is_said(web, fill, draft, address, now):
    fill("validity", validity_months="6", begins="chosen", start=f"{now + timedelta(5):%d.%m.%Y}")
    check = address("applications:check", draft.pk)
    assert "has passed" not in web.get(check).text
    Application.objects.update(start=clock.day(now))
    assert "has passed" not in web.get(check).text
    Application.objects.update(start=clock.day(now) - timedelta(1))
    assert "As soon as it is issued; the chosen day" in web.get(check).text


def test_a_chosen_day_must_be_given(fill):
    page = fill("validity", validity_months="6", begins="chosen", start="")
    assert "Enter the first day of validity." in page.text


def test_a_technical_contact_who_gets_the_certificate_needs_a_name(fill, draft, address):
    went = fill("delivery", mailbox="t@example.fi", deliver_to="technical_contact")
    assert went["Location"] == address("applications:part", draft.pk, "technical")
    for unseen in ("", "\u3164"):
        page = fill("technical", technical_name=unseen)
        assert "Enter the name of the technical contact." in page.text
        assert "Enter the technical contact&#x27;s address." in page.text


def test_the_systems_oid_is_checked_and_named(matti, fill):
    order = orders.draft(matti, "system_signature")
    page = fill("system", order=order, system_name="Apteekki Plus", system_oid="12")
    assert "“12” is not an OID of at most 64 characters" in page.text
    page = fill("system", order=order, system_name="Ωmega", system_oid="1.2.246.10.1.12.1")
    assert "without these characters: Ω" in page.text


def test_a_part_that_the_type_does_not_ask_does_not_exist(web, draft, address):
    assert web.get(address("applications:part", draft.pk, "system")).status_code == 404


def test_a_colleagues_change_meanwhile_is_shown_beside_what_i_typed(fill, draft, maija):
    seen = draft.version
    handler = orders.Handler(maija, draft)
    services.save_section(draft.pk, "purpose", {"purpose": "client"}, **handler.seen)
    page = fill("purpose", version=seen, purpose="server")
    assert page.status_code == 409
    assert "client authentication" in page.text
    told = " ".join(page.text.partition('role="alert"')[2].partition("</div>")[0].split())
    assert "The applicant changed the order: Purpose of use. Maija Mallikas," in told
    assert draft.purpose == "client"
    fill("purpose", purpose="server")
    assert draft.purpose == "server"


def test_a_draft_is_deleted_after_being_asked(web, draft, address):
    page = address("applications:discard", draft.pk)
    assert "Do you want to delete" in web.get(page).text
    answer = web.post(page, {"version": draft.version})
    assert answer["Location"] == address("home")
    assert not Application.objects.exists()
