"""Scenarios that cause every mail of the service, through the real services.

Each class is a stage: it creates persons and, for some, an order in a certain state. Its methods
are occasions, which enqueue mails. Each occasion is rolled back before the next
(`certportal.dev.sample_mails`).
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accounts.register.mirror import imports
from accounts.register.models import Kind
from accounts.services import mailing
from accounts.services.organisations import (
    administrator_requests,
    consents,
    invite,
    join,
    membership,
)
from accounts.services.people import email, second_factor
from accounts.services.rights import staff_roles
from accounts.services.rights.documents import Paper
from applications import services
from applications.models import Application, RevocationReport
from applications.models.register_task import RegisterTask
from applications.rules import reviewers_day
from certportal.dev.builders import (
    bulk,
    documents,
    orders,
    people,
    proposed_names,
    register,
    replacements,
    requests,
)
from certportal.dev.builders.acts import do
from certportal.foundation import clock
from certportal.foundation.actors import Actor, system
from certportal.foundation.event_log import tree_hashes
from certportal.foundation.event_log.notes import Checkpoint, Signer
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import set_aside
from certportal.public import feedback
from issuance import services as authority
from issuance.models import Certificate
from issuance.services.event_log import anchors

WORDS = "Kaupparekisterin mukaan hän ei enää edusta apteekkia."
PHARMACY, CLINICS = "9900001-8", "9900008-5"
HERE = "127.0.0.1"


class Accounts:
    """The administrator and a member of the pharmacy's account, and two reviewers."""

    def __init__(self) -> None:
        now = clock.now()
        self.matti = people.make_founder("Matti Meikäläinen", PHARMACY, now=now)
        self.pharmacy = self.matti.memberships.get().organisation
        self.maija = people.make_member("Maija Mallikas", self.pharmacy, now=now)
        self.riitta = people.make_reviewer("Riitta Ratkaisija", now=now)
        self.raimo = people.make_reviewer("Raimo Ratkaisija", now=now)

    def returned_by_the_checks(self) -> None:
        """The checks return one order, whose key was blocked, and another, whose unit has ended."""
        order, now = orders.submitted(self.matti), clock.now()
        assert order.csr is not None
        key = order.csr.spki_sha256
        authority.block_key(key, "key_compromise", actor=system("samples"), now=now)
        orders.drain()
        orders.submitted(self.matti)
        register.change(orders.UNIT, valid_to=clock.day(now) - timedelta(days=1))

    def ordered_together(self) -> None:
        """Orders for two servers are sent together, and their CSRs are attached together."""
        contact: dict[str, Any] = {**orders.CONTACT}
        begun = bulk.begun(self.matti, "a.example.fi", "b.example.fi", **contact)
        bulk.completed(self.matti, bulk.sent(self.matti, begun))

    def codes_asked(self) -> None:
        """Codes are sent to a person's new address, and to the mailbox of an e-mail certificate."""
        do(self.matti, email.ask_code, self.matti, "matti@muu.example", language="fi")
        order = orders.begin(self.matti, "email")
        do(self.matti, services.ask_mailbox_code, order, orders.MAILBOX)

    def key_proven(self) -> None:
        """Somebody proves that they hold the private key of a certificate."""
        key = requests.new_key()
        csr = requests.request(key, "erecept.example.fi")
        orders.delivered(self.matti, self.riitta, csr=csr)
        asked = authority.challenge(csr, address=HERE, now=clock.now())
        proof = requests.request(key, asked.token)
        authority.prove(asked.token, proof, address=HERE, now=clock.now())

    def invited(self) -> None:
        """Somebody asks to be invited, is invited at another address, joins, and leaves."""
        uuno, new = people.make_person("Uuno Uusi", now=clock.now()), "uuno@toinen.example"
        do(uuno, join.ask, uuno, PHARMACY)
        asked = do(self.matti, invite.invite, self.pharmacy, new, role="applicant", language="fi")
        do(uuno, email.ask_code_for, asked, uuno)
        code = people.code_of(uuno, asked, now=clock.now())
        made = do(uuno, invite.accept, asked.pk, asked.token, code=code)
        do(uuno, membership.leave, made.pk)

    def members_changed(self) -> None:
        """A member gets another role and is removed; another's address changes."""
        key = self.maija.memberships.get().pk
        do(self.matti, membership.change_role, key, "technical")
        do(self.matti, membership.remove, key)
        people.verify(self.matti, "matti@toinen.example", now=clock.now())

    def supplied(self) -> None:
        """A supplier's permission is given up by the supplier, ended by the customer, expires."""
        kalle = people.make_founder("Kalle Konsultti", CLINICS, now=clock.now())
        supplier = kalle.memberships.get().organisation
        until = clock.day(clock.now()) + timedelta(days=90)
        for person, ending in ((kalle, consents.resign), (self.matti, consents.end)):
            made = do(self.matti, consents.give, self.pharmacy, supplier, until=until)
            do(person, ending, made.pk)
        do(self.matti, consents.give, self.pharmacy, supplier, until=until)
        consents.warn_of_ending(now=clock.now() + timedelta(days=80))

    def succeeded(self) -> None:
        """The account is handed over to the organisation's successor."""
        people.make_founder("Kalle Konsultti", CLINICS, now=clock.now())
        do(self.riitta, services.succeed, PHARMACY, CLINICS, reason="Fuusio 1.12.2026.")

    def administrators_asked(self) -> None:
        """A member asks to be made administrator and is refused; asked again, it is granted."""
        paper = Paper(documents.pdf("Valtakirja"), "valtakirja.pdf")
        given = {"reason": "Matti on poissa.", "paper": paper}
        for grant in (False, True):
            asked = do(self.maija, administrator_requests.ask, self.maija, self.pharmacy, **given)
            do(self.riitta, services.decide_administrator, asked.pk, grant=grant, reasons=WORDS)

    def decided_on_the_account(self) -> None:
        """The authority ends a membership, withdraws and confirms a right, closes the account."""
        orders.waiting_for_contact(self.matti)
        orders.submitted(self.matti)
        now, right = clock.now(), self.matti.memberships.get().pk
        other = people.make_member("Aino Ala", self.pharmacy, role="administrator", now=now)
        do(self.riitta, services.end_membership, other.memberships.get().pk, reasons=WORDS)
        do(self.riitta, services.withdraw_right, right, reasons=WORDS)
        until = clock.day(now) + timedelta(days=90)
        do(self.riitta, services.confirm_right, right, note=WORDS, until=until)
        do(self.riitta, services.close_account, self.pharmacy.pk, reasons=WORDS)

    def second_factors(self) -> None:
        """A reviewer sets up an app and recovery codes; an operator resets them."""
        login = self.riitta.logins.get()
        people.add_app(login)
        for _time in range(2):
            do(self.riitta, second_factor.make_recovery_codes, login)
        do(self.riitta, second_factor.reset, self.riitta)

    def reviewer_made(self) -> None:
        """Somebody is given the reviewer's role."""
        sofia = people.make_person("Sofia Suurkäyttäjä", now=clock.now())
        do(self.raimo, staff_roles.grant_reviewer, sofia)

    def told_by_anybody(self) -> None:
        """Somebody gives feedback."""
        given = {"about": "accessibility", "text": "Painike ei näy.", "email": ""}
        feedback.give(**given, address=HERE, now=clock.now())

    def head_anchored(self) -> None:
        """The head of the log of events is sent to the auditors."""
        signer = Signer("log.example.fi/events", Ed25519PrivateKey.generate())
        note = signer.sign(Checkpoint(signer.name, 0, tree_hashes.EMPTY).text)
        anchors.tell(["tarkastaja@example.com"], note, signer.verifier, now=clock.now())


class WaitingOrder(Accounts):
    """An order waits for the request of the technical contact or the deputy."""

    def __init__(self) -> None:
        super().__init__()
        deputy = {"deputy_name": "Veera", "deputy_email": "veera@example.com"}
        self.order = orders.waiting_for_contact(self.matti, **deputy)

    def request_by_the_contact(self) -> None:
        """The technical contact attaches two CSRs in turn; the applicant adds information."""
        orders.attach(self.matti, self.order, orders.openssl_csr())
        orders.drain()
        orders.attach(self.matti, self.order, orders.openssl_csr())
        orders.drain()
        do(self.riitta, services.claim, self.order)
        do(self.matti, services.add_information, self.order, text="Lisätieto.")

    def names_by_the_contact(self) -> None:
        """Host names come with the request, are sent back, come again and are confirmed."""
        order = proposed_names.proposed(self.matti, "erecept.example.fi", "vanha.example.fi")
        orders.drain()
        proposed_names.send_back(self.matti, order)
        proposed_names.confirm(self.matti, proposed_names.propose(order))

    def refused_by_the_contact(self) -> None:
        """The technical contact says that the order is not theirs; the applicant withdraws it."""
        link = self.order.contact_links.get(holder="technical_contact")
        services.not_mine(link.pk, actor=Actor("technical_contact", str(link.pk)), now=clock.now())
        orders.drain()
        do(self.matti, services.withdraw, self.order)

    def many_incomplete(self) -> None:
        """Orders without requests, sent together, are warned of and lapse; so are old drafts."""
        contact: dict[str, Any] = {**orders.CONTACT, "csr_by": "technical_contact"}
        hosts = [f"s{number}.example.fi" for number in range(12)]
        bulk.begun(self.matti, *hosts)
        bulk.sent(self.matti, bulk.begun(self.matti, *hosts, **contact))
        orders.drain()
        self.incomplete()

    def mail_came_back(self) -> None:
        """The mail with the technical contact's link comes back."""
        about = {"payload__application": str(self.order.pk), "payload__notice": "link_sent"}
        mail = OutboxItem.objects.get(**about, payload__recipient="technical_contact")
        set_aside.came_back(mail.pk, mail.round, "5.1.1", actor=system("samples"), now=clock.now())

    def incomplete(self) -> None:
        """An order without a request is warned of and lapses; an old draft is warned of."""
        orders.draft(self.matti)
        orders.drain()
        now = clock.now()
        for days in (170, 200):
            sent = Application.objects.exclude(submitted_at=None)
            sent.update(submitted_at=now - timedelta(days=days))
            services.watch_incomplete(now=now)
            orders.drain()
        Application.objects.filter(status="draft").update(changed_at=now - timedelta(days=340))
        services.watch_drafts(now=now)


class ClaimedOrder(Accounts):
    """A reviewer handles a case."""

    def __init__(self) -> None:
        super().__init__()
        self.order = orders.claimed(self.matti, self.riitta)

    def asked_for_information(self) -> None:
        """A reviewer asks, gives more time, takes the question back, asks again and is answered."""
        riitta, day = self.riitta, clock.day(clock.now()) + timedelta(days=14)
        orders.ask(riitta, self.order, day)
        do(riitta, services.extend_deadline, self.order, deadline=day + timedelta(days=7))
        do(riitta, services.cancel_request, self.order)
        orders.ask(riitta, self.order, day)
        orders.resubmit(self.matti, self.order)

    def rejected_and_reopened(self) -> None:
        """An order is rejected, and reopened on an appeal."""
        do(self.riitta, services.reject, self.order, reasons=WORDS, **orders.UNHEARD)
        do(self.riitta, services.reopen, self.order, reasons=WORDS)

    def recalled(self) -> None:
        """The unit ends between the approval and the signature."""
        orders.approve(self.riitta, self.order)
        register.change(orders.UNIT, valid_to=clock.day(clock.now()) - timedelta(days=1))

    def reviewers_day(self) -> None:
        """The day's work in the morning; a source that does not answer; an import that is held."""
        now = clock.now()
        today = clock.day(now)
        Application.objects.filter(pk=self.order.pk).update(due_on=today)
        # Not `greet_reviewers`: it tells nobody on a day off, and the samples are made on any day.
        mailing.tell_reviewers(reviewers_day.reviewers(), "morning", today, now=now)
        stuck = orders.submitted(self.matti)
        services.wait(stuck.pk, "register", now=now - timedelta(hours=5))
        imports.import_rows(
            Kind.SOTE_UNIT, [register.row(orders.UNIT)], imports.Source("samples"), now=now
        )
        services.raise_alarms(now=now)


class DeliveredOrder(WaitingOrder):
    """A certificate is delivered to the contact, the deputy and a shared mailbox."""

    def __init__(self) -> None:
        super().__init__()
        orders.attach(self.matti, self.order, orders.openssl_csr())
        orders.finish(self.matti, self.riitta, self.order)

    def expiring(self) -> None:
        """A certificate is about to expire."""
        last = Certificate.objects.earliest("not_after").not_after
        services.remind_of_expiry(now=last - timedelta(days=30))

    def many_expiring(self) -> None:
        """Two certificates are about to expire."""
        orders.delivered(self.matti, self.riitta)
        self.expiring()

    def expired(self) -> None:
        """A certificate has expired, and nobody has renewed it."""
        now = clock.now()
        Certificate.objects.update(not_before=now - timedelta(days=365), not_after=now)
        services.remind_of_expiry(now=now)

    def many_expired(self) -> None:
        """Two certificates have expired."""
        orders.delivered(self.matti, self.riitta)
        self.expired()

    def replaced(self) -> None:
        """Certificates are replaced on the authority's initiative."""
        plan = replacements.plan(revoke_on=clock.day(clock.now()) + timedelta(days=14))
        orders.drain()
        replacements.approve(plan, self.riitta, self.raimo)
        replacements.run(plan)

    def revoked(self) -> None:
        """The applicant has a certificate revoked."""
        do(self.matti, services.revoke, self.order, reason="cessation_of_operation", words=WORDS)

    def proposed(self) -> None:
        """A reviewer proposes a revocation and another declines it; then one revokes alone."""
        reason = "privilege_withdrawn"
        made = do(self.riitta, services.propose, self.order, reason=reason, words=WORDS)
        do(self.raimo, services.decline_proposal, made.pk, words=WORDS)
        do(self.raimo, services.revoke_exposed, self.order, words=WORDS)

    def reported(self) -> None:
        """A CERT asks for a revocation, and nobody confirms it until its time is nearly over."""
        now = clock.now()
        came = now - timedelta(hours=20)
        told = RevocationReport(
            channel=RevocationReport.Channel.CERT,
            role=RevocationReport.Role.AUTHORITY,
            caller="Kyberturvallisuuskeskus",
            verified=WORDS,
            received_at=came,
        )
        given = {"told": told, "reason": "superseded", "words": WORDS}
        do(self.riitta, services.revoke_as_told, self.order, **given)
        services.raise_alarms(now=now)

    def register_changed(self) -> None:
        """The register has a new name for the unit; a reviewer decides on it."""
        register.change(orders.UNIT, long_name="Helsingin uusi apteekki")
        services.watch_register(now=clock.now())
        orders.drain()
        task = RegisterTask.objects.get()
        given = {"outcome": "reissue", "reasons": WORDS, "touched": task.certificates.count()}
        do(self.riitta, services.decide_register_task, task.pk, **given)

    def unit_ended(self) -> None:
        """A unit ends in the register, and a reviewer decides to revoke its certificates."""
        register.change(orders.UNIT, valid_to=clock.day(clock.now()) - timedelta(days=1))
        services.watch_register(now=clock.now())
        orders.drain()
        task = RegisterTask.objects.get()
        given = {"outcome": "revoke", "reasons": WORDS, "touched": task.certificates.count()}
        do(self.riitta, services.decide_register_task, task.pk, **given)

    def key_blocked(self) -> None:
        """An operator blocks the key of a certificate in force."""
        keys = [Certificate.objects.get().spki_sha256]
        authority.import_keys(keys, "published", actor=system("block_keys"), now=clock.now())


STAGES: tuple[type[Accounts], ...] = (Accounts, WaitingOrder, ClaimedOrder, DeliveredOrder)


def of(stage: type[Accounts]) -> list[Callable[[Accounts], None]]:
    """Return the occasions defined by the stage itself."""
    return [method for name, method in vars(stage).items() if not name.startswith("_")]
