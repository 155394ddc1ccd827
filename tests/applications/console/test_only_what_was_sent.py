"""The certificate says what was sent: answers that nobody sent yet reach nothing of it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509

from accounts.register.models import RegisterRecord
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.errors import NotPossible
from applications.models import Application, InformationRequest, Submission
from applications.rules import fields, sections
from applications.rules.certificate_order import certificate_order
from applications.services.reviewer.may_act import ChangesUnsent
from certportal.dev.builders import orders
from certportal.dev.builders.acts import do
from certportal.foundation import clock
from tests.tables import rewrite

OTHER = "info@example.fi"
FOREIGN = "Łódź apteekki"
TOO_LONG = "Esimerkkilän kaupungin sosiaali- ja terveystoimen vastaanottopalvelut sekä apteekki"


def ask(riitta, case, *parts):
    """Riitta asks Matti to mend these parts."""
    parts = list(parts) or [one.id for one in sections.asked(case, on=clock.day(clock.now()))]
    values = {"reason": "Tarkista", "sections": parts, "deadline": clock.day(clock.now())}
    seen = orders.Handler(riitta, case).seen
    services.request_info(case.pk, person=riitta, **values, **seen)
    case.refresh_from_db()


def save(matti, case, part, values):
    services.save_section(case.pk, part, values, **orders.Handler(matti, case).seen)
    case.refresh_from_db()


def order_of(case):
    return certificate_order(Application.objects.get(pk=case.pk), now=clock.now())


def addresses(certificate):
    der = x509.load_der_x509_certificate(bytes(certificate.der))
    found = der.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return found.get_values_for_type(x509.RFC822Name)


@pytest.fixture
def email(matti, riitta, cas):
    """Riitta has Matti's order of an e-mail certificate and asks about its mailbox."""
    case = orders.claimed(matti, riitta, "email")
    ask(riitta, case, "mailbox_proof")
    return case


def test_a_mailbox_proven_but_not_sent_is_not_certified(matti, email, desk):
    orders.prove_mailbox(matti, email, OTHER)
    assert order_of(email).emails == (orders.MAILBOX,)
    rows = {row.label: row.cells for row in desk.open("case", email.pk).context["rows"]}
    assert rows["Name (CN)"][1].value == orders.MAILBOX


def test_the_question_is_not_taken_back_once_another_mailbox_was_proven(matti, email, desk):
    orders.prove_mailbox(matti, email, OTHER)
    assert desk.press("cancel_request", email).status_code == 409
    assert email.status == "info_requested"


def hear(riitta, case, *parts):
    """Riitta hears Matti, who may change these parts."""
    told = {"reason": "Nimi on toisen.", "material": "Ote", "is_hearing": True}
    today = clock.day(clock.now())
    do(riitta, services.request_info, case, **told, sections=list(parts), deadline=today)
    case.refresh_from_db()


def test_a_request_that_was_chosen_and_not_sent_is_not_certified(matti, riitta, cas, desk):
    """An answer in words leaves it behind: no check has looked at it."""
    case = orders.claimed(matti, riitta)
    orders.give_evidence(riitta, case)
    sent = case.csr
    hear(riitta, case, "csr")
    orders.upload(matti, case, orders.csr_of_order(90))
    do(matti, services.answer_hearing, case, text="Nimi on meidän.")
    orders.drain()
    case.refresh_from_db()
    assert case.csr == sent
    assert orders.prepared(case).csr_sha256 == sent.sha256
    assert "approve" in desk.open("case", case.pk).context["offers"]


def test_nor_after_the_order_is_taken_up_again(matti, riitta, cas, desk):
    case = orders.claimed(matti, riitta)
    orders.give_evidence(riitta, case)
    sent = case.csr
    hear(riitta, case, "csr")
    orders.upload(matti, case, orders.csr_of_order(90))
    rewrite(InformationRequest.objects, deadline=clock.day(clock.now()) - timedelta(days=3))
    desk.press("reject", case, reasons="Nimi on toisen.", send="1")
    desk.press("reopen", case, reasons="Oikaisuvaatimus.")
    orders.drain()
    case.refresh_from_db()
    assert (case.status, case.csr) == ("in_review", sent)
    assert orders.prepared(case).csr_sha256 == sent.sha256
    assert "approve" in desk.open("case", case.pk).context["offers"]


def test_what_was_changed_and_not_sent_is_told_where_it_cannot_be_approved(
    matti, riitta, cas, desk
):
    case = orders.claimed(matti, riitta)
    orders.give_evidence(riitta, case)
    hear(riitta, case, "validity")
    save(matti, case, "validity", {"validity_months": 3, "start": None})
    do(matti, services.answer_hearing, case, text="Nimi on meidän.")
    orders.drain()
    assert_told(desk, riitta, case)
    desk.press("reject", case, reasons="Nimi on toisen.", send="1")
    desk.press("reopen", case, reasons="Oikaisuvaatimus.")
    orders.drain()
    assert_told(desk, riitta, case)
    ask(riitta, case, "validity")
    orders.resubmit(matti, case)
    orders.drain()
    orders.press_approve(riitta, case)


def assert_told(desk, riitta, case):
    """Check that the pages say why the case cannot be approved, and that its service does."""
    for page in ("case", "approve"):
        shown = desk.open(page, case.pk)
        assert "approve" not in shown.context["offers"]
        assert "The applicant has changed the order and not sent the changes." in shown.text
    case.refresh_from_db()
    with pytest.raises(ChangesUnsent):
        orders.press_approve(riitta, case)


def test_the_mailbox_that_was_sent_anew_is_certified(matti, riitta, email):
    orders.prove_mailbox(matti, email, OTHER)
    orders.resubmit(matti, email)
    orders.drain()  # Riitta has the case still, and it is prepared again by itself
    case = orders.approve(riitta, email)
    orders.drain()
    assert addresses(certificate_of(case)) == [OTHER]
    first, last = (json.loads(one.content) for one in case.submissions.all())
    assert (first["certified_email"], last["certified_email"]) == (orders.MAILBOX, OTHER)
    assert last["mailbox_proved_at"] > first["mailbox_proved_at"]


OTHER_OID = "1.2.246.10.99000018.12.9"
CHANGES = [
    ("server", "type", {"type": "test_server"}),
    ("server", "unit", {"record_kind": "sote_unit", "record_oid": "1.2.246.10.99000018.10.1"}),
    ("server", "unit", {"organisation_spelling": "Lodz apteekki"}),
    ("system_signature", "unit", {"unit_spelling": "Lodz apteekki"}),
    ("server", "purpose", {"purpose": "server"}),
    ("server", "host_names", {"host_names": ["muu.example.fi"]}),
    ("server", "validity", {"validity_months": 3, "start": None}),
    ("server", "validity", {"validity_months": 12, "start": clock.day(clock.now())}),
    (
        "system_signature",
        "system",
        {"system_name": "Muu", "system_oid": "1.2.246.10.99000018.12.9"},
    ),
]


@pytest.mark.parametrize(("kind", "part", "values"), CHANGES)
def test_what_is_not_sent_reaches_no_certificate(matti, riitta, cas, kind, part, values):
    case = orders.claimed(matti, riitta, kind)
    ask(riitta, case)
    if any("spelling" in name for name in values):
        records = RegisterRecord.objects.filter(oid=orders.UNIT)
        rewrite(records, long_name=FOREIGN, abbreviation="Apteekki")
    before = order_of(case)
    save(matti, case, part, values)
    assert order_of(case) == before
    with pytest.raises(NotPossible):
        services.cancel_request(case.pk, person=riitta, **orders.Handler(riitta, case).seen)
    orders.resubmit(matti, case)
    assert order_of(case) != replace(before, **sent_with(order_of(case)))


def sent_with(order):
    return {"submission": order.submission, "submission_sha256": order.submission_sha256}


def test_a_reviewer_s_choice_of_names_is_certified_until_the_applicant_answers_otherwise(
    matti, riitta, cas
):
    case = orders.claimed(matti, riitta)
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), long_name=TOO_LONG, abbreviation="")
    short = {"organisation": "Esimerkkilän kaupungin apteekki", "unit": ""}
    seen = orders.Handler(riitta, case).seen
    services.choose_names(case.pk, person=riitta, **short, **seen)
    assert order_of(case).subject.organisation == short["organisation"]
    ask(riitta, case)
    save(matti, case, "unit", {"organisation_spelling": "Esimerkkilän kaupunki"})
    orders.resubmit(matti, case)
    assert order_of(case).subject.organisation == "Esimerkkilän kaupunki"


@pytest.mark.parametrize("kind", ["server", "system_signature", "email"])
def test_the_authority_finds_the_same_in_the_submission(matti, riitta, cas, kind):
    case = orders.claimed(matti, riitta, kind)
    rules = [finding.rule for finding in orders.prepared(case).found]
    assert not [rule for rule in rules if rule.startswith("ca.")]


# Another value for each key of a submission whose value is not free text.
ELSE = {
    "type": "test_server",
    "record_kind": "intermediary",
    "record_oid": "1.2.246.10.99000018.10.1",
    "purpose": "server",
    "host_names": ["muu.example.fi"],
    "validity_months": 3,
    "start": "2099-01-01",
    "mailbox_proved_at": None,
}


def test_just_the_fields_marked_certified_reach_the_authority(matti):
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), long_name=FOREIGN, abbreviation="")
    reaching = set()
    for kind in ("server", "system_signature", "email"):
        draft = orders.with_csr(matti, kind)
        spelled = {"organisation_spelling": "Lodz", "unit_spelling": "Lodz"}
        save(matti, draft, "unit", spelled)
        orders.submit(matti, draft)
        reaching |= {key for key in json.loads(draft.submission.content) if reaches(draft, key)}
    assert reaching == {one.key for one in fields.marked(fields.CERTIFIED)}


def reaches(application, key):
    """Whether the order is another when the submission has another value under the key."""
    content = json.loads(application.submission.content)
    other = content | {key: ELSE.get(key, f"{content[key]}x")}
    changed = Application.objects.get(pk=application.pk)
    changed.submission = Submission(content=json.dumps(other), sha256="")
    now = clock.now()
    blank = {"submission": b"", "submission_sha256": "", "register_record": ""}
    orders_of = (certificate_order(one, now=now) for one in (application, changed))
    first, second = (replace(one, **blank) for one in orders_of)
    return first != second


class Watched:
    """An order that notes which of its columns are read."""

    def __init__(self, application):
        self.application, self.read = application, set()

    def __getattr__(self, name):
        self.read.add(name)
        return getattr(self.application, name)


def test_of_the_order_itself_only_a_reviewer_s_choice_reaches_the_authority(matti, monkeypatch):
    # Who has a part in the order approves nothing; that is in no certificate.
    monkeypatch.setattr("applications.rules.certificate_order.traces", lambda _order: frozenset())
    watched = Watched(orders.submitted(matti))
    certificate_order(watched, now=clock.now())
    # The key's request is a row of its own, immutable and hashed; the others name the matter.
    assert watched.read == {"pk", "number", "organisation_id", "csr", "submission"} | fields.CHOSEN


# What was sent before spellings, mailboxes and the names of the certificate were frozen.
OLD = (
    '{"business_id":"9900001-8","contact_email":"matti@example.fi","csr":null,"host_names":'
    '["erecept.example.fi"],"organisation":"Helsingin VI apteekki","purpose":"both","record_kind":'
    '"sote_unit","record_oid":"1.2.246.10.99000018.10.0","start":null,"type":"server","unit":'
    '"Helsingin VI apteekki","validity_months":12}'
)


def test_an_old_submission_is_read_as_it_was(matti):
    order = orders.submitted(matti)
    order.submission = Submission(content=OLD, sha256="")
    made = certificate_order(order, now=clock.now())
    assert made.subject.organisation == "Helsingin VI apteekki"
    assert (made.dns_names, made.emails, made.start) == (("erecept.example.fi",), (), None)
