"""A supplier sees its customers' orders and certificates, and acts in its own and its name."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format

from accounts.models import Membership
from accounts.services.organisations import consents
from applications import services
from applications.access import as_technician, certificates_supplied
from applications.documents.certificate_files import certificate_of
from applications.errors import MayNotAct
from applications.rules import reminders
from applications.rules.request_files import RequestFile
from applications.services.applicant.requests_together import Outcome
from applications.views.account.history import history
from applications.views.shared.history import history as case_history
from applications.views.shared.requests_given import OUTCOMES
from applications.views.supplier import desk
from applications.workflow import Role, Status
from certportal.dev.builders import orders, people, proposed_names
from certportal.dev.builders.acts import act
from certportal.dev.builders.mails import about_order
from certportal.foundation import clock
from certportal.foundation.models import Event
from tests.applications.long_lists import certified_for
from tests.isolation.table import text_of
from tests.suppliers import account_of

CLINIC = "1.2.246.10.99000085.10.0"
DESK = ("customers", "requests", "orders", "certificates", "orders_csv", "certificates_csv")


def page(web, name, **query):
    return text_of(web.get(reverse(f"customers:{name}"), query))


def upload(web, order):
    """Upload a request that fits the order; return the address of its preview."""
    form = {"version": order.version, "how": "text", "text": orders.openssl_csr().decode()}
    return web.post(reverse("technical:csr", args=[order.pk]), form)["Location"]


def test_the_desk_shows_what_is_to_be_made_over_all_customers(matti, kalle, given, also_given, web):
    mine = orders.waiting_for_contact(matti)
    other = orders.waiting_for_contact(kalle, unit=CLINIC)
    draft = orders.draft(matti)
    home = page(web, "customers")
    assert f'href="{reverse("customers:orders")}"' in web.get(reverse("home")).text
    for one in (mine, other):
        assert one.number in home
        assert one.number in page(web, "orders")
        assert one.number in page(web, "orders_csv")
    assert draft.number not in home + page(web, "orders", stage="all")
    only = page(web, "orders", customer=str(account_of(kalle).pk))
    assert other.number in only and mine.number not in only


def test_of_very_many_customers_none_is_chosen_from_a_list_of_all(
    matti, kalle, given, also_given, web, monkeypatch
):
    mine = orders.waiting_for_contact(matti)
    other = orders.waiting_for_contact(kalle, unit=CLINIC)
    place, chosen = reverse("customers:orders"), {"customer": str(account_of(kalle).pk)}
    assert f'<option value="{chosen["customer"]}"' in web.get(place).text
    monkeypatch.setattr(desk, "MOST_CHOICES", 1)
    assert f'<option value="{chosen["customer"]}"' not in web.get(place).text
    only = web.get(place, chosen).text
    assert other.number in only and mine.number not in only
    assert f'<input type="hidden" name="customer" value="{chosen["customer"]}"' in only
    assert f"{place}?customer={chosen['customer']}" in web.get(reverse("customers:customers")).text


def test_certificates_of_all_customers_with_their_expiries(
    matti, kalle, riitta, raimo, cas, given, also_given, web
):
    order = orders.delivered(matti, riitta)
    listed, file = page(web, "certificates"), page(web, "certificates_csv")
    for text in (listed, file):
        assert order.called in text and str(order.organisation) in text
    assert reverse("technical:order", args=[order.pk]) in listed
    assert order.number in page(web, "orders", stage="ended")
    assert web.get(reverse("technical:download", args=[order.pk, "pem"])).status_code == 200
    event = Event.objects.filter(action="application.download").latest("pk")
    assert event.data["supplier"] == str(given.supplier_id)
    assert order.called not in page(web, "certificates", customer=str(account_of(kalle).pk))
    assert order.called in page(web, "certificates", state="unused")
    services.say_installed(order.pk, actor=orders.actor_for(matti), now=clock.now())
    assert order.called not in page(web, "certificates", state="unused")


def test_certificates_of_customers_are_found_without_reading_those_of_all_others(
    matti, kalle, valma, riitta, cas, given, also_given, now
):
    order = orders.delivered(matti, riitta)
    certificate = certificate_of(order)
    certified_for(given.supplier_id, certificate, 5000)
    supplied = certificates_supplied(valma, given.supplier_id, now=now)
    assert list(supplied) == [certificate]
    newest, ending = (
        supplied.order_by("-issued_at")[:25],
        supplied.filter(reminders.ending_soon(now)),
    )
    for listed in (supplied, newest, ending):
        assert "Seq Scan on issuance_certificate" not in listed.explain()
    # Nor is each customer named, however many there are.
    assert account_of(kalle).pk.hex not in str(supplied.query).replace("-", "")


def test_certificates_that_name_an_organisation_which_a_customer_succeeded_are_found_too(
    matti, kalle, valma, riitta, cas, given, also_given, now
):
    certificate = certificate_of(orders.delivered(matti, riitta))
    former, successor = (account_of(person).business_id for person in (matti, kalle))
    act(riitta, services.succeed, former, successor, reason="Fuusio.")
    assert list(certificates_supplied(valma, given.supplier_id, now=now)) == [certificate]


def test_a_request_is_given_by_the_contact_s_pages_and_names_supplier_and_person(
    matti, valma, riitta, given, web
):
    order = orders.waiting_for_contact(matti)
    preview = upload(web, order)
    done = web.post(preview, {"version": order.version})
    assert done["Location"] == reverse("technical:order", args=[order.pk])
    assert f'class="back" href="{reverse("customers:customers")}"' in web.get(done["Location"]).text
    order.refresh_from_db()
    assert order.status == Status.CHECKING
    for name in ("upload_csr", "attach_csr"):
        event = Event.objects.get(action=f"application.{name}")
        assert event.actor == f"person:{valma.pk}"
        assert event.data["supplier"] == str(given.supplier_id)
    named = f"{valma}, {given.supplier}"
    assert named in [line.who for line in history(order).lines]
    assert named in [line.who for line in case_history(order)]
    assert f"Sen liitti {named}." in about_order("csr_attached", order, "applicant").text


def test_a_request_that_the_applicant_meant_to_give_is_given_and_corrected(matti, given, web):
    """Who acts for a supplier has identified strongly; of a link's holder an address is known."""
    order = orders.draft(matti)
    own = {"csr_by": "applicant"}
    services.save_section(order.pk, "csr", own, **orders.Handler(matti, order).seen)
    orders.submit(matti, order)
    there = reverse("technical:csr", args=[order.pk])
    for _ in range(2):
        order.refresh_from_db()
        assert there in web.get(reverse("technical:order", args=[order.pk])).text
        assert web.post(upload(web, order), {"version": order.version}).status_code == 302
    order.refresh_from_db()
    assert order.csr == order.csrs.latest("uploaded_at")
    assert order.csrs.count() == 2


def test_a_request_that_can_be_used_nowhere_is_not_to_be_given_on_one_of_several_pages(
    matti, valma, given, web
):
    for _twin in range(2):
        orders.waiting_for_contact(matti)
    weak = SimpleUploadedFile("heikko.csr", orders.openssl_csr(key="1024"))
    answer = web.post(reverse("customers:requests"), {"requests": [weak]})
    (line,) = answer.context["lines"]
    assert (line.label, line.links) == (OUTCOMES[Outcome.UNFIT][0], [])


def test_host_names_are_proposed_and_proposed_again_while_the_consent_lasts(
    matti, valma, given, web
):
    order = proposed_names.left(matti)
    preview = upload(web, order)
    form = {"version": order.version, "host_names": "erecept.example.fi"}
    assert web.post(preview, form)["Location"] == reverse("technical:order", args=[order.pk])
    order.refresh_from_db()
    assert order.status == Status.NAMES_PROPOSED
    event = Event.objects.get(action="application.propose_names")
    assert (event.actor, event.data["supplier"]) == (f"person:{valma.pk}", str(given.supplier_id))
    proposed_names.send_back(matti, order, "Toinen nimi.")
    assert order.number in page(web, "orders")
    assert "Toinen nimi." in web.get(reverse("technical:order", args=[order.pk])).text
    actor = as_technician(valma, order, now=clock.now())
    act(matti, consents.end, given.pk)
    with pytest.raises(MayNotAct):
        services.propose_names(
            order.pk,
            order.csrs.get().pk,
            names=["uusi.example.fi"],
            role=Role.TECHNICAL_CONTACT,
            version=order.version,
            actor=actor,
            now=clock.now(),
        )


def test_several_requests_at_once_propose_no_names_by_themselves(matti, valma, given, web):
    order = proposed_names.proposed(matti)
    proposed_names.send_back(matti, order)
    request = RequestFile("pyynto.csr", orders.openssl_csr())
    (done,) = services.give_requests(
        [order],
        [request],
        about=given.supplier,
        role=Role.TECHNICAL_CONTACT,
        actor=as_technician(valma, order, now=clock.now()),
        now=clock.now(),
    )
    assert done.outcome == Outcome.TO_CONFIRM
    order.refresh_from_db()
    assert order.status == Status.AWAITING_CSR


def test_the_customer_sees_on_the_order_who_else_gives_the_request(matti, given):
    order = orders.waiting_for_contact(matti)
    web, there = people.log_in(Client(), matti), reverse("applications:order", args=[order.pk])
    assert str(given.supplier) in web.get(there).text
    act(matti, consents.end, given.pk)
    assert str(given.supplier) not in web.get(there).text


@pytest.mark.parametrize("how", ["ask", "hear"])
def test_what_the_customer_is_asked_or_heard_about_and_by_when_is_not_listed(
    matti, riitta, cas, given, web, how
):
    order = orders.claimed(matti, riitta)
    by = clock.day(clock.now()) + timedelta(days=9)
    getattr(orders, how)(riitta, order, by)
    for name in ("orders", "orders_csv"):
        listed = page(web, name, stage="open")
        assert order.number in listed and str(Status.INFO_REQUESTED.label) in listed
        assert "Kuultavana" not in listed
        assert date_format(by, "SHORT_DATE_FORMAT") not in listed


def test_nobody_orders_sends_or_revokes_for_a_customer(matti, given, web):
    order = orders.waiting_for_contact(matti)
    for name in ("order", "give_csr", "check", "withdraw", "revoke", "rename_contact"):
        place = reverse(f"applications:{name}", args=[order.pk])
        assert web.get(place).status_code == 404, name
        assert web.post(place, {"version": order.version}).status_code == 404, name


def test_a_person_of_the_customer_acts_as_themselves(matti, teemu, valma, given):
    order = orders.waiting_for_contact(matti, technical_email=teemu.email)
    Membership.objects.create(
        person=teemu,
        organisation=account_of(valma),
        role="technical",
        basis="mandate",
        begun_at=clock.now(),
    )
    actor = as_technician(teemu, order, now=clock.now())
    assert actor is not None and actor.supplier == ""


def test_what_is_under_way_when_the_consent_ends_is_not_finished(matti, valma, given, web):
    order = orders.waiting_for_contact(matti)
    preview = upload(web, order)
    actor = as_technician(valma, order, now=clock.now())
    act(matti, consents.end, given.pk)
    assert web.post(preview, {"version": order.version}).status_code == 404
    with pytest.raises(MayNotAct):
        services.attach_csr(
            order.pk,
            order.csrs.get().pk,
            role=Role.TECHNICAL_CONTACT,
            version=order.version,
            actor=actor,
            now=clock.now(),
        )


def test_the_navigation_leads_there_only_with_a_customer(matti, valma, kalle, given, web):
    there = reverse("customers:customers")
    assert f'href="{there}"' in web.get(reverse("home")).text
    for person in (matti, kalle):
        assert f'href="{there}"' not in people.log_in(Client(), person).get(reverse("home")).text
    act(valma, consents.resign, given.pk)
    assert f'href="{there}"' not in web.get(reverse("home")).text
    assert {web.get(reverse(f"customers:{name}")).status_code for name in DESK} == {404}


def test_customers_are_found_by_name_and_business_id(given, also_given, web):
    for text in (str(given.customer)[:8].lower(), "9900001-8"):
        found = page(web, "customers", q=text)
        assert str(given.customer) in found
        assert reverse("accounts:resign_consent", args=[also_given.pk]) not in found
    assert reverse("accounts:resign_consent", args=[also_given.pk]) in page(
        web, "customers", sort="until"
    )


def test_a_reminder_handed_on_leads_to_the_suppliers_page_of_the_order(web, given, matti):
    order = orders.in_review(matti)
    answer = web.get(reverse("applications:again", args=[order.pk]))
    assert answer.url == reverse("technical:order", args=[order.pk])
    again = web.post(reverse("applications:again", args=[order.pk]), {"version": order.version})
    assert (again.url, type(order).objects.count()) == (answer.url, 1)
    draft = orders.draft(matti)
    assert web.get(reverse("applications:again", args=[draft.pk])).status_code == 404


def test_who_sees_to_the_next_certificate_for_a_supplier_is_named_with_it(
    matti, valma, riitta, cas, given, monkeypatch
):
    order = orders.delivered(matti, riitta)
    certificate = certificate_of(order)
    at = certificate.not_after - timedelta(days=50)
    monkeypatch.setattr(clock, "now", lambda: at)
    web = people.log_in(Client(), valma)
    renewing = reverse("technical:renewing", args=[order.pk])
    assert renewing in web.get(reverse("technical:order", args=[order.pk])).text
    opened = web.get(renewing)
    assert opened.status_code == 405
    assert reverse("technical:order", args=[order.pk]) in opened.text
    page = web.post(renewing, follow=True).text
    who = f"{valma}, {given.supplier}"
    assert who in page and renewing not in page
    order.refresh_from_db()
    assert reminders.seen(order, now=at) == reminders.Seen(who, at)
    assert not reminders.reaches_administrators(order, certificate, 7, now=at)
    customer = people.log_in(Client(), matti)
    assert who in customer.get(reverse("applications:order", args=[order.pk])).text
    web.post(renewing)
    assert Event.objects.filter(action="application.expiry_seen").count() == 1
    act(matti, consents.end, given.pk)
    assert reminders.seen(order, now=at) is None
