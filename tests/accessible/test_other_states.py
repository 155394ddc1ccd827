"""Pages and states that no other browser test looks at."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db.models import F

from accounts.register.models import RegisterRecord
from applications import services
from applications.views.console.events import events
from applications.workflow import Status
from certportal.dev.builders import documents, orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance import services as authority
from issuance.services.ceremony.kept_record import keep_record
from issuance.services.recovery.replace_log import replace_log
from tests.accessibility import check_in_turn
from tests.accessible.conftest import press
from tests.authorities import add_seal
from tests.logged import NAME, answer_at_once, make_log
from tests.tables import rewrite, unkept

pytestmark = pytest.mark.django_db(transaction=True)
COUNTY = "9900009-3"
CLINICS = "9900008-5"


def in_error(page):
    """Press the button without having filled anything in; the page must tell the errors."""
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)


def test_the_authorities_before_and_after_the_ceremony(go, request):
    check_in_turn(go("authorities"))
    request.getfixturevalue("cas")
    check_in_turn(go("authorities"))


def test_a_form_sent_after_the_session_ended(go, matti):
    draft = orders.draft(matti)
    page = go("applications:part", draft.pk, "contact", who=matti)
    page.locator("[name=contact_name]").fill("Maija Meikäläinen")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    press(page)
    page.wait_for_selector("[type=hidden][value='Maija Meikäläinen']", state="attached")
    check_in_turn(page)
    with page.expect_popup() as opened:
        page.locator("main a[target=_blank]").click()
    assert "/account/login/" in opened.value.url


def test_a_form_of_an_old_tab_after_a_login_in_another(go, matti):
    draft = orders.draft(matti)
    page = go("applications:part", draft.pk, "contact", who=matti)
    page.locator("[name=contact_name]").fill("Maija Meikäläinen")
    page.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)  # a login gives another one
    page.context.request.get(page.url)
    press(page)
    page.wait_for_selector("[type=hidden][value='Maija Meikäläinen']", state="attached")
    check_in_turn(page)
    press(page)
    page.wait_for_selector("[name=contact_name]", state="detached")
    draft.refresh_from_db()
    assert draft.contact_name == "Maija Meikäläinen"


def test_mail_of_a_development_machine(go, settings, tmp_path):
    settings.MAIL_DIRECTORY = tmp_path
    check_in_turn(go("dev_mail"))
    mail = "Subject: Koe\nTo: a@example.fi\nContent-Type: text/plain\n\nTeksti\n"
    (tmp_path / "20261125T101010-1.eml").write_text(mail)
    check_in_turn(go("dev_mail"))
    check_in_turn(go("dev_mail_show", "20261125T101010-1.eml"))


def test_the_public_examination_of_requests(go, db):
    page = go("csr_doctor")
    check_in_turn(page)
    in_error(page)
    for text in (orders.openssl_csr(), orders.openssl_csr(key="1024")):
        page = go("csr_doctor")
        page.locator("[name=text]").fill(text.decode())
        press(page)
        page.wait_for_selector("[name=text]", state="detached")
        check_in_turn(page)


def test_the_receipt_of_an_event(go, cas, matti, riitta, settings, tmp_path, monkeypatch):
    """Offered on the order's page, checked by anybody: genuine, changed, nothing sent."""
    check_in_turn(go("verify"))
    answer_at_once(monkeypatch)
    make_log(settings, tmp_path)
    order = orders.delivered(matti, riitta)
    check_in_turn(go("applications:order", order.pk, who=matti))
    page = go("verify")
    check_in_turn(page)
    in_error(page)
    event = Event.objects.filter(object_id=str(order.pk)).latest("pk").pk
    receipt = str(authority.receipts([event])[event])
    replace_log(f"{NAME}-2", now=clock.now())  # the page lists the key that signed the receipt
    for text in (receipt, receipt.replace("index ", "index 1", 1)):
        page = go("verify")
        page.locator("[name=text]").fill(text)
        press(page)
        page.wait_for_selector("[name=text]", state="detached")
        check_in_turn(page)


def test_the_recorded_events(go, cas, matti, riitta, monkeypatch):
    """Searched with something found, with nothing found, and with an error; as an auditor."""
    monkeypatch.setattr(events, "PER_PAGE", 8)
    orders.in_review(matti)
    auditor = people.make_auditor("Anneli Auditoija", now=clock.now())
    page = go("console:events", who=auditor)
    check_in_turn(page)
    page.locator("[name=refused]").check()
    page.locator("main form button").first.click()
    page.wait_for_url("**refused=on**")
    check_in_turn(page)
    page.locator("[name=person]").fill("Ei Ketään")
    page.locator("main form button").first.click()
    page.wait_for_selector(".field__error")
    check_in_turn(page)


def test_the_records_of_ceremonies(go, cas, riitta):
    """None yet; one that waits for the seal; one that is being sealed."""
    page = go("console:ceremonies", who=riitta)
    check_in_turn(page)
    keep_record("20261127T083015Z-approver", "Key ceremony", actor=system("x"), now=clock.now())
    page.reload()
    check_in_turn(page)
    add_seal()
    page.reload()
    check_in_turn(page)


def test_accounts_with_nothing_and_of_technical_members(go, matti, teemu):
    check_in_turn(go("home", who=matti))
    check_in_turn(go("home", who=teemu))


def test_choosing_among_organisations(go, matti, now):
    people.found_account(matti, CLINICS, now=now)
    page = go("accounts:choose", who=matti)
    check_in_turn(page)
    in_error(page)


@pytest.mark.parametrize("part", ["unit", "purpose", "delivery", "csr"])
def test_parts_with_nothing_filled_in(go, matti, part):
    organisation = matti.memberships.get().organisation
    actor = orders.actor_for(matti)
    draft = services.start(
        organisation=organisation,
        person=matti,
        type=orders.CertificateType.SERVER,
        language="fi",
        actor=actor,
        now=clock.now(),
    )
    check_in_turn(go("applications:order", draft.pk, who=matti))
    in_error(go("applications:part", draft.pk, part, who=matti))


def test_a_technical_contact_that_is_not_named_yet(go, matti):
    draft = orders.draft(matti)
    check_in_turn(go("applications:part", draft.pk, "technical", who=matti))
    orders.name_contact(matti, draft, {"deliver_to": "technical_contact"})
    in_error(go("applications:part", draft.pk, "technical", who=matti))


def test_a_period_that_cannot_be(go, matti):
    page = go("applications:part", orders.draft(matti).pk, "validity", who=matti)
    page.locator("[name=validity_months]").fill("99")
    in_error(page)


def test_a_certificate_of_conformity(go, matti):
    draft = orders.draft(matti, "system_signature")
    page = go("applications:part", draft.pk, "conformity", who=matti)
    check_in_turn(page)
    page.locator("[name=conformity_number]").fill("")
    in_error(page)
    draft.attachments.all().delete()
    check_in_turn(go("applications:part", draft.pk, "conformity", who=matti))


def test_many_units_searched_and_not_found(go, sample, now):
    head = people.make_founder("Heli Hallinto", COUNTY, now=now)
    draft = orders.draft(head, unit="1.2.246.10.99000093.10.200")
    check_in_turn(go("applications:part", draft.pk, "unit", who=head))
    check_in_turn(go("applications:part", draft.pk, "unit", who=head, query="?q=terveysasema"))
    check_in_turn(go("applications:part", draft.pk, "unit", who=head, query="?q=xyzzy"))


def test_no_unit_in_force(go, matti):
    draft = orders.draft(matti)
    with unkept():
        RegisterRecord.objects.all().delete()
    check_in_turn(go("applications:part", draft.pk, "unit", who=matti))


def test_requests_that_cannot_be_certified(go, matti):
    draft = orders.draft(matti)
    for text in (orders.openssl_csr(key="1024").decode(), KEY):
        page = go("applications:part", draft.pk, "csr", who=matti)
        page.locator("[name=how][value=text]").check()
        page.locator("[name=text]").fill(text)
        press(page)
        page.wait_for_selector("main h1")
        check_in_turn(page)


def test_sending_without_declaring(go, matti):
    in_error(go("applications:check", orders.with_csr(matti).pk, who=matti))


def test_an_order_that_waits_for_an_answer(go, matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    seen = orders.Handler(riitta, case).seen
    services.request_info(
        case.pk,
        sections=["host_names"],
        reason="Lisätkää nimi.",
        deadline=clock.day(clock.now()) + timedelta(days=9999),
        person=riitta,
        **seen,
    )
    for name in ("home", "applications:order", "applications:check"):
        check_in_turn(go(name, *([] if name == "home" else [case.pk]), who=matti))
    check_in_turn(go("applications:part", case.pk, "host_names", who=matti))


def overtaken(page, order):
    """Press the button of a page whose order somebody has changed since it was opened."""
    type(order).objects.filter(pk=order.pk).update(version=F("version") + 1)
    press(page)
    page.wait_for_selector("main .notice[role=alert]")
    check_in_turn(page)


def test_documents_with_an_answer(go, matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    asking = {"sections": ["host_names"], "reason": "Lähettäkää todistus.", "person": riitta}
    deadline = clock.day(clock.now()) + timedelta(days=14)
    services.request_info(case.pk, deadline=deadline, **asking, **orders.Handler(riitta, case).seen)
    check_in_turn(go("applications:answer_documents", orders.draft(matti).pk, who=matti))
    page = go("applications:answer_documents", case.pk, who=matti)
    check_in_turn(page)
    in_error(page)
    given = {"data": documents.pdf("A"), "name": "todistus.pdf"}
    services.attach_to_answer(case.pk, **given, actor=orders.actor_for(matti), now=clock.now())
    check_in_turn(go("applications:answer_documents", case.pk, who=matti))
    check_in_turn(go("applications:check", case.pk, who=matti))


def test_answering_a_hearing(go, matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    orders.hear(riitta, case, clock.day(clock.now()) + timedelta(days=14))
    page = go("applications:answer_hearing", case.pk, who=matti)
    check_in_turn(page)
    in_error(page)
    page.locator("[name=text]").fill("Olemme ostaneet verkkotunnuksen.")
    overtaken(page, case)


def test_somebody_was_faster(go, matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    page = go("applications:add_information", case.pk, who=matti)
    page.locator("[name=text]").fill("Huoltokatko on lauantaina.")
    overtaken(page, case)
    page = go("console:reject", case.pk, who=riitta)
    page.locator("[name=reasons]").fill("Verkkotunnus kuuluu toiselle.")
    page.locator("[name=unheard][value=unnecessary]").check()
    page.locator("[name=unheard_because]").fill("Hakija on jo vastannut.")
    overtaken(page, case)
    draft = orders.draft(matti, "system_signature")
    overtaken(go("applications:part", draft.pk, "conformity", who=matti), draft)


def test_a_unit_that_has_ended(go, matti):
    draft = orders.draft(matti)
    page = go("applications:part", draft.pk, "unit", who=matti)
    ended = RegisterRecord.objects.filter(oid=orders.UNIT)
    rewrite(ended, valid_to=draft.created_at.date().replace(year=2020))
    press(page)
    page.wait_for_load_state()
    check_in_turn(page)
    page = go("applications:new", who=matti, query=f"?unit={orders.UNIT}")
    page.locator("input[name=type][value=server]").check()
    press(page)
    page.wait_for_load_state()
    check_in_turn(page)


@pytest.mark.parametrize(
    "status", [Status.AWAITING_CSR, Status.REJECTED, Status.WITHDRAWN, Status.LAPSED]
)
def test_orders_that_stand_still(go, matti, status):
    order = orders.submitted(matti)
    type(order).objects.filter(pk=order.pk).update(status=status)
    check_in_turn(go("applications:order", order.pk, who=matti))
    check_in_turn(go("home", who=matti))


# No key at all; the words around it are what is recognised.
KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAA\n-----END PRIVATE KEY-----\n"
