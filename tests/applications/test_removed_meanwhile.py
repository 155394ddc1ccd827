"""Acts of an applicant who is removed while their request is being handled."""

from functools import partial

import pytest
from django.db import transaction

from accounts.services.organisations import membership
from applications import services
from applications.errors import Gone, MayNotAct
from applications.models import Application, Attachment, Domain
from certportal.dev.builders import documents, orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.errors import Refused
from tests.applications.at_once import Beside
from tests.issuance.orders import make_csr, new_key


def acts(person, order, document):
    """What an applicant does to an order and its account, except sending and revoking."""
    by = partial(partial, act, person)
    account = order.organisation
    start = {"type": order.type, "language": "fi", "organisation": account}
    domain = Domain.objects.create(organisation=account, name="example.fi", asked_at=clock.now())
    paper = {"data": documents.pdf(), "name": "liite.pdf"}
    return [
        by(services.start, **start),
        by(services.start_together, **start, common={}, rows=[]),
        by(services.renew_together, orders=[order], organisation=account, language="fi"),
        by(services.save_section, order, "validity", {"validity_months": 6}),
        by(services.upload_csr, order.pk, orders.openssl_csr()),
        by(services.choose_csr, order, order.csr_id),
        by(services.add_attachment, order, Attachment.Kind.CONFORMITY, **paper),
        by(services.attach_to_answer, order, **paper),
        by(services.remove_attachment, order, document.pk),
        by(services.ask_mailbox_code, order, orders.MAILBOX),
        by(services.prove_mailbox, order, "1234"),
        by(services.rename_contact, order, {"technical_name": "Toinen"}),
        by(services.resend_link, order),
        by(services.revoke_link, order),
        by(services.return_names, order, text="Väärät nimet."),
        by(services.answer_hearing, order, text="Nimi on meidän."),
        by(services.add_information, order, text="Lisätieto."),
        by(services.request_lookup, account, "toinen.example.fi"),
        by(services.forget_domain, account, domain.pk),
        by(services.withdraw, order),
        by(services.discard, order),
    ]


def outcome(tried) -> type[Refused] | None:
    try:
        tried()
    except Refused as refusal:
        return type(refusal)
    return None


def test_nothing_is_written_for_somebody_removed_after_the_page_looked(matti, maija):
    order = orders.with_csr(maija)
    paper = {"data": documents.pdf(), "name": "liite.pdf"}
    act(maija, services.attach_to_answer, order, **paper)
    tried = acts(maija, order, order.attachments.get())
    act(matti, membership.remove, maija.memberships.get().pk)
    found = {each.args[1].__name__: outcome(each) for each in tried}
    assert found == dict.fromkeys(found, MayNotAct)
    assert list(Application.objects.values_list("version")) == [(order.version,)]
    assert Domain.objects.get().name == "example.fi"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["request_lookup", "forget_domain"])
def test_nor_for_whom_a_lookup_of_the_domain_kept_waiting(matti, maija, pharmacy, step):
    domain = Domain.objects.create(organisation=pharmacy, name="example.fi", asked_at=clock.now())
    about = domain.name if step == "request_lookup" else domain.pk
    with transaction.atomic():
        Domain.objects.select_for_update().get()
        act(matti, membership.remove, maija.memberships.get().pk)
        late = Beside(partial(act, maija, getattr(services, step), pharmacy, about))
    assert isinstance(late.end(), MayNotAct)
    assert Domain.objects.get().asked_at == domain.asked_at


@pytest.mark.django_db(transaction=True)
def test_a_request_for_a_draft_that_a_colleague_discards_meanwhile_is_told_so(matti, maija):
    draft = orders.draft(matti)
    request = make_csr(new_key(), "erecept.example.fi")
    with transaction.atomic():
        act(maija, services.discard, draft)
        late = Beside(partial(act, matti, services.upload_csr, draft.pk, request))
    assert isinstance(late.end(), Gone)
