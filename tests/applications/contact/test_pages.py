"""What the technical contact does on the pages, and what they never see."""

import codecs
import subprocess

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format

from applications import services
from applications.models import Application
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.orders import Handler
from certportal.foundation import clock
from certportal.operations.logs import hide_tokens
from certportal.web.request_log import RequestLog
from tests.applications.contact.conftest import at, confirm, give, send_back
from tests.applications.packages import packages_in

REQUEST = ["openssl", "req", "-new", "-newkey", "rsa:3072", "-noenc", "-keyout", "/dev/null"]
CLINIC = "1.2.246.10.99000085.10.0"


@pytest.fixture
def opened(link, tiina):
    """Tiina has opened her link."""
    tiina.post(at(link))
    return tiina


def test_the_whole_way_from_instructions_to_the_certificate(
    order, link, opened, riitta, matti, cas
):
    preview = give(opened, link)["Location"]
    page = opened.get(preview)
    assert "Helsingin VI apteekki" in page.text
    order.refresh_from_db()
    assert order.status == Status.AWAITING_CSR  # nothing is final before it is confirmed
    assert confirm(opened, preview)["Location"] == at(link, "order")
    orders.drain()
    services.claim(order.pk, person=riitta, **Handler(riitta, order).seen)
    orders.drain()
    orders.approve(riitta, order)
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.DELIVERED
    page = opened.get(at(link, "order"))
    assert at(link, "download", "pem") in page.text
    assert at(link, "install") in page.text
    assert (
        "ssl_certificate_key /etc/ssl/private/erecept.example.fi.key"
        in opened.get(at(link, "install")).text
    )
    for kind in ("der", "pem", "chain", "p7b", "ca"):
        assert opened.get(at(link, "download", kind)).status_code == 200
    assert opened.get(at(link, "installed")).status_code == 405  # an address alone says nothing
    order.refresh_from_db()
    assert order.installed_at is None
    opened.post(at(link, "installed"))
    order.refresh_from_db()
    assert order.installed_at
    packages = packages_in(mail.outbox)
    assert {one.to[0] for one in packages} == {"tiina@example.com", "tekniikka@example.fi"}
    uploaded = order.csrs.get().uploaded_by
    assert uploaded == f"technical_contact:{link.pk}"


def test_the_settings_make_a_request_that_is_accepted(order, link, opened, tmp_path):
    config = tmp_path / "order.cnf"
    answer = opened.get(at(link, "settings", "openssl"))
    assert ".cnf" in answer["Content-Disposition"]
    config.write_bytes(answer.content)
    made = subprocess.run(
        [*REQUEST, "-config", str(config)],
        capture_output=True,
        check=True,
    )
    assert "/csr/" in give(opened, link, made.stdout)["Location"]
    inf = opened.get(at(link, "settings", "certreq"))
    assert ".inf" in inf["Content-Disposition"]
    assert inf.content.startswith(codecs.BOM_UTF16_LE)  # or Windows reads ä as two letters
    assert "erecept.example.fi" in inf.content.decode("utf-16")
    assert opened.get(at(link, "settings", "passwd")).status_code == 404


def test_the_request_can_be_replaced_until_a_reviewer_has_the_case(order, link, opened, riitta):
    confirm(opened, give(opened, link)["Location"])
    orders.drain()
    first = Application.objects.get(pk=order.pk).csr_id
    confirm(opened, give(opened, link)["Location"])
    orders.drain()
    order.refresh_from_db()
    assert order.csr_id != first
    services.claim(order.pk, person=riitta, **Handler(riitta, order).seen)
    assert opened.get(at(link, "csr")).status_code == 409
    assert opened.post(at(link, "preview", first), {"version": 1}).status_code in {404, 409}
    assert "Replace the certificate request" not in opened.get(at(link, "order")).text


def test_a_returned_request_brings_the_contact_a_mail_that_says_why(order, link, opened):
    orders.drain()
    confirm(opened, give(opened, link)["Location"])
    send_back(order)
    (message,) = [one for one in mail.outbox if one.to == ["tiina@example.com"]]
    assert f"/contact-link/{link.token}/" in message.body
    assert opened.get(at(link, "order")).status_code == 200


def test_a_private_key_is_refused_and_explained(link, opened):
    key = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True).stdout
    answer = give(opened, link, key)
    assert answer.status_code == 400
    assert "private key" in answer.text


def test_an_unfit_request_is_explained_and_the_way_back_is_the_contact_s(link, opened):
    answer = give(opened, link, orders.openssl_csr(key="1024"))
    assert answer.status_code == 200
    assert at(link, "csr") in answer.text


def test_the_contact_of_one_order_finds_nothing_of_another(order, link, opened, kalle, send, matti):
    other = send(kalle, unit=CLINIC, technical_email="other@example.com")
    own = orders.with_csr(matti)  # another order of the same account
    foreign = services.upload_csr(
        other.pk, orders.openssl_csr(), actor=people.actor_for(kalle), now=clock.now()
    )
    for csr in (foreign.pk, own.csrs.get().pk):
        assert opened.get(at(link, "preview", csr)).status_code == 404
        assert opened.post(at(link, "preview", csr), {"version": 1}).status_code == 404
    theirs = other.contact_links.get()
    assert opened.get(at(theirs, "order"))["Location"] == at(theirs)
    for name in ("order", "withdraw", "check"):
        place = reverse(f"applications:{name}", args=[order.pk])
        assert opened.get(place).status_code == 302  # to the login: a link is no account
    page = opened.get(at(link, "order")).text
    assert own.number not in page
    assert "matti@example.fi" not in page


def test_hidden_fields_change_nothing_else(order, link, opened):
    preview = give(opened, link)["Location"]
    version = opened.get(preview).context["application"].version
    more = {"status": "approved", "role": "reviewer", "application_id": "1", "csr": "x"}
    opened.post(preview, {"version": version} | more)
    order.refresh_from_db()
    assert order.status == Status.CHECKING


@pytest.mark.parametrize("after", ["/order/", *".,;:)>]}=&!*'”", "%20", "&x=1", "\n"])
def test_the_token_reaches_no_log(link, rf, after):
    path = f"/fi/contact-link/{link.token}{after}"
    assert link.token not in RequestLog.format_request(rf.get(path))
    line = hide_tokens(None, "warning", {"event": f"Not Found: {path}", "path": f"{path}?x=1"})
    assert link.token not in str(line)
    cut = hide_tokens(None, "info", {"event": f"/sv/account/invitation/{link.token[:30]}{after}"})
    assert link.token[:30] not in cut["event"]
    assert str(link.pk) in hide_tokens(None, "info", {"event": f"/orders/{link.pk}/"})["event"]


def test_a_technical_member_sees_the_orders_that_name_them_and_no_others(matti, teemu, send):
    named = send(matti, technical_email="TEEMU@example.fi")
    other = send(matti)
    web = people.log_in(Client(), teemu)
    home = web.get("/en/home/").text
    assert named.number in home
    assert other.number not in home
    assert web.get(reverse("technical:order", args=[named.pk])).status_code == 200
    for order in (other, orders.draft(matti)):
        assert web.get(reverse("technical:order", args=[order.pk])).status_code == 404
    assert web.get(reverse("applications:order", args=[named.pk])).status_code == 404
    place = reverse("technical:csr", args=[named.pk])
    form = {"version": named.version, "how": "text", "text": orders.openssl_csr().decode()}
    preview = web.post(place, form)["Location"]
    confirm(web, preview)
    named.refresh_from_db()
    assert named.status == Status.CHECKING
    assert named.csr.uploaded_by == f"person:{teemu.pk}"


def test_applicants_and_the_former_have_no_technical_pages(matti, maija, teemu, send, now):
    named = send(matti, technical_email="teemu@example.fi")
    place = reverse("technical:order", args=[named.pk])
    assert people.log_in(Client(), maija).get(place).status_code == 404
    teemu.memberships.update(ended_at=now)
    assert people.log_in(Client(), teemu).get(place).status_code == 404


def test_a_contact_is_promised_a_mail_only_where_one_will_come(order, link, opened, matti):
    orders.attach(matti, order, orders.openssl_csr())
    assert "We will tell you when the certificate is ready" in opened.get(at(link, "order")).text
    Application.objects.filter(pk=order.pk).update(deliver_to="applicant")
    page = opened.get(at(link, "order")).text
    assert "We will tell you" not in page
    assert "It will be emailed to the person who ordered" in page
    assert "On this page you can follow the order" in opened.get(at(link)).text


def test_a_link_that_has_ended_is_not_offered_to_be_ended(order, link, matti):
    web = people.log_in(Client(), matti)
    page = f"/en/orders/{order.pk}/"
    assert "/contact/revoke/" in web.get(page).text
    services.revoke_link(order.pk, **orders.Handler(matti, order).seen)
    text = web.get(page).text
    assert "/contact/revoke/" not in text
    assert "/contact/resend/" in text
    assert "The technical contact, tiina@example.com: The link has ended" in text


def test_a_hearing_and_its_term_are_the_applicants_alone(order, link, opened, matti, riitta):
    orders.attach(matti, order, orders.openssl_csr())
    orders.drain()
    order.refresh_from_db()
    services.claim(order.pk, person=riitta, **orders.Handler(riitta, order).seen)
    orders.drain()
    order.refresh_from_db()
    term = clock.add_months(clock.day(clock.now()), 1)
    orders.hear(riitta, order, term)
    page = opened.get(at(link, "order")).text
    assert "Waiting for the applicant&#x27;s reply" in page
    assert "Hearing" not in page and date_format(term, "SHORT_DATE_FORMAT") not in page
