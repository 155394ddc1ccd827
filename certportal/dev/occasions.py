"""The occasions on which mails are sent, each through the real services.

`OCCASIONS` and `OF_ORDERS` hold the functions. All begin with the same cast, some with the same
order, and enqueue mails; whatever one does is rolled back before the next
(`certportal.dev.sample_mails`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from accounts.access import actor_for
from accounts.factors import codes
from accounts.models import Membership, Organisation, Person
from accounts.register.mirror import imports
from accounts.register.mirror.imports import Source
from accounts.register.models import Kind
from accounts.services.organisations import administrator_requests, invite, join, membership
from accounts.services.people import email, second_factor
from accounts.services.rights import staff_roles
from accounts.services.rights.documents import Paper
from applications import services
from applications.models import Application
from applications.models.register_task import RegisterTask
from applications.workflow import promise
from certportal.dev.builders import documents, orders, people, register, replacements
from certportal.dev.builders.orders import Handler
from certportal.foundation import clock
from certportal.foundation.actors import Actor, system
from certportal.public import feedback
from issuance import services as authority
from issuance.models import Certificate

WORDS = "Kaupparekisterin mukaan hän ei enää edusta apteekkia."
PHARMACY, CLINICS = "9900001-8", "9900008-5"


@dataclass(frozen=True, slots=True)
class Cast:
    """The administrator and a member of the pharmacy's account, and two reviewers."""

    matti: Person
    maija: Person
    riitta: Person
    raimo: Person

    @property
    def pharmacy(self) -> Organisation:
        """The pharmacy's account."""
        return self.matti.memberships.get(ended_at=None).organisation


def cast() -> Cast:
    """Return the cast, made new."""
    now = clock.now()
    matti = people.make_founder("Matti Meikäläinen", PHARMACY, now=now)
    maija = people.make_member("Maija Mallikas", matti.memberships.get().organisation, now=now)
    riitta = people.make_reviewer("Riitta Ratkaisija", now=now)
    return Cast(matti, maija, riitta, people.make_reviewer("Raimo Ratkaisija", now=now))


def request_by_the_contact(cast: Cast, order: Application) -> None:
    """The technical contact brings the request, and another; the applicant adds information."""
    orders.attach(cast.matti, order, orders.openssl_csr())
    orders.drain()
    orders.attach(cast.matti, order, orders.openssl_csr())
    orders.drain()
    services.claim(order.pk, **_act(cast.riitta, order))
    services.add_information(order.pk, text="Lisätieto.", **_act(cast.matti, order))


def refused_by_the_contact(cast: Cast, order: Application) -> None:
    """The technical contact says that the order is not theirs; the applicant withdraws it."""
    link = order.contact_links.get(holder="technical_contact")
    services.not_mine(link.pk, actor=Actor("technical_contact", str(link.pk)), now=clock.now())
    orders.drain()
    services.withdraw(order.pk, **Handler(cast.matti, order).seen)


def returned_by_the_checks(cast: Cast) -> None:
    """The key of one order has been blocked since; then the unit of another has ended."""
    order, now = orders.submitted(cast.matti), clock.now()
    assert order.csr is not None
    key = order.csr.spki_sha256
    authority.block_key(key, "key_compromise", actor=system("samples"), now=now)
    orders.drain()
    orders.submitted(cast.matti)
    register.change(orders.UNIT, valid_to=clock.day(now) - timedelta(days=1))


def asked_for_information(cast: Cast, order: Application) -> None:
    """A reviewer asks, gives more time, takes the question back, asks again and is answered."""
    matti, riitta = cast.matti, cast.riitta
    day = clock.day(clock.now()) + timedelta(days=14)
    orders.ask(riitta, order, day)
    services.extend_deadline(order.pk, deadline=day + timedelta(days=7), **_act(riitta, order))
    orders.drain()
    services.cancel_request(order.pk, **_act(riitta, order))
    orders.ask(riitta, order, day)
    orders.resubmit(matti, order)


def rejected_and_reopened(cast: Cast, order: Application) -> None:
    """An order is rejected, and reopened on an appeal."""
    services.reject(order.pk, reasons=WORDS, **_act(cast.riitta, order))
    orders.drain()
    services.reopen(order.pk, reasons=WORDS, **_act(cast.riitta, order))


def recalled(cast: Cast, order: Application) -> None:
    """The unit ends between the approval and the signature."""
    orders.approve(cast.riitta, order)
    register.change(orders.UNIT, valid_to=clock.day(clock.now()) - timedelta(days=1))


def incomplete(cast: Cast, order: Application) -> None:
    """An order without a request is warned of and lapses; an old draft is warned of."""
    orders.draft(cast.matti)
    orders.drain()
    now = clock.now()
    services.watch_incomplete(now=now + timedelta(days=170))
    orders.drain()
    services.watch_incomplete(now=now + timedelta(days=200))
    services.watch_drafts(now=now + timedelta(days=340))


def expiring(cast: Cast, order: Application) -> None:
    """A certificate is about to expire."""
    end = Certificate.objects.get().not_after
    services.remind_of_expiry(now=end - timedelta(days=30))


def codes_asked(cast: Cast) -> None:
    """Codes are sent to a person's new address, and to the mailbox of an e-mail certificate."""
    new = "matti@muu.example"
    email.ask_code(cast.matti, new, language=cast.matti.language, **_by(cast.matti))
    order = orders.begin(cast.matti, "email")
    services.ask_mailbox_code(order.pk, orders.MAILBOX, **Handler(cast.matti, order).seen)


def replaced(cast: Cast, order: Application) -> None:
    """Certificates are replaced on the authority's initiative."""
    plan = replacements.plan(revoke_on=clock.day(clock.now()) + timedelta(days=14))
    orders.drain()
    replacements.approve(plan, cast.riitta, cast.raimo)
    replacements.run(plan)


def revoked(cast: Cast, order: Application) -> None:
    """The applicant has a certificate revoked."""
    services.revoke(order.pk, reason="cessation_of_operation", words=WORDS, **_as(cast.matti))


def proposed(cast: Cast, order: Application) -> None:
    """A reviewer proposes a revocation and another declines it; then one revokes alone."""
    reason = "privilege_withdrawn"
    made = services.propose(order.pk, reason=reason, words=WORDS, **_as(cast.riitta))
    orders.drain()
    services.decline_proposal(made.pk, words=WORDS, **_as(cast.raimo))
    services.revoke_exposed(order.pk, words=WORDS, **_as(cast.raimo))


def key_proven(cast: Cast) -> None:
    """Somebody proves that they hold the private key of a certificate."""
    key, now, here = ec.generate_private_key(ec.SECP256R1()), clock.now(), "127.0.0.1"
    order = orders.with_csr(cast.matti, csr=_csr(key, "erecept.example.fi"))
    orders.submit(cast.matti, order)
    orders.finish(cast.matti, cast.riitta, order)
    asked = authority.challenge(_csr(key, "erecept.example.fi"), address=here, now=now)
    authority.prove(asked.token, _csr(key, asked.token), address=here, now=now)


def key_blocked(cast: Cast, order: Application) -> None:
    """An operator blocks the key of a certificate in force."""
    certificate = Certificate.objects.get(reference=order.pk)
    keys = [certificate.spki_sha256]
    authority.import_keys(keys, "published", actor=system("block_keys"), now=clock.now())


def register_changed(cast: Cast, order: Application) -> None:
    """The register has a new name for the unit; a reviewer decides on it."""
    register.change(orders.UNIT, long_name="Helsingin uusi apteekki")
    services.watch_register(now=clock.now())
    orders.drain()
    task = RegisterTask.objects.get()
    services.decide_register_task(task.pk, outcome="reissue", reasons=WORDS, **_as(cast.riitta))


def reviewers_day(cast: Cast, order: Application) -> None:
    """The day's work in the morning; a source that does not answer; an import that is held."""
    now = clock.now()
    morning = clock.start_of_day(promise.after(clock.day(now), 8)) + timedelta(hours=8)
    services.greet_reviewers(now=morning)
    stuck = orders.submitted(cast.matti)
    services.wait(stuck.pk, "register", now=now - timedelta(hours=5))
    imports.import_rows(Kind.SOTE_UNIT, [register.row(orders.UNIT)], Source("samples"), now=now)
    services.raise_alarms(now=now)


def invited(cast: Cast) -> None:
    """Somebody asks to be invited, is invited at another address, joins, and leaves."""
    now, matti = clock.now(), cast.matti
    uuno = people.make_person("Uuno Uusi", now=now)
    join.ask(uuno, PHARMACY, actor=actor_for(uuno), now=now)
    asked = invite.invite(
        cast.pharmacy,
        "uuno@toinen.example",
        role="applicant",
        language="fi",
        by=matti,
        **_by(matti),
    )
    email.ask_code_for(asked, uuno, **_by(uuno))
    code = email.pending(uuno, invitation=asked, now=now)
    assert code is not None
    orders.drain()
    made = invite.accept(asked.pk, asked.token, person=uuno, code=email.digits(code), **_by(uuno))
    membership.leave(made.pk, **_by(uuno))


def members_changed(cast: Cast) -> None:
    """A member gets another role and is removed; another's address changes."""
    maija = cast.maija.memberships.get()
    membership.change_role(maija.pk, "technical", **_by(cast.matti))
    membership.remove(maija.pk, **_by(cast.matti))
    people.verify(cast.matti, "matti@toinen.example", now=clock.now())


def succeeded(cast: Cast) -> None:
    """The account is handed over to the organisation's successor."""
    people.make_founder("Kalle Konsultti", CLINICS, now=clock.now())
    services.succeed(PHARMACY, CLINICS, reason="Fuusio 1.12.2026.", **_as(cast.riitta))


def administrator_asked(cast: Cast, *, grant: bool = True) -> None:
    """A member asks to be made administrator, and a reviewer decides."""
    paper = Paper(documents.pdf("Valtakirja"), "valtakirja.pdf")
    asked = administrator_requests.ask(
        cast.maija, cast.pharmacy, reason="Matti on poissa.", paper=paper, **_by(cast.maija)
    )
    orders.drain()
    services.decide_administrator(asked.pk, grant=grant, reasons=WORDS, **_as(cast.riitta))


def administrator_refused(cast: Cast) -> None:
    """The same, refused."""
    administrator_asked(cast, grant=False)


def decided_on_the_account(cast: Cast) -> None:
    """The authority withdraws a right, ends a membership and closes the account."""
    given = _as(cast.riitta) | {"reasons": WORDS}
    orders.waiting_for_contact(cast.matti)
    other = people.make_member(
        "Aino Ala", cast.pharmacy, role=Membership.Role.ADMINISTRATOR, now=clock.now()
    )
    services.end_membership(other.memberships.get().pk, **given)
    orders.drain()
    services.withdraw_right(cast.matti.memberships.get().pk, **given)
    orders.drain()
    services.close_account(cast.pharmacy.pk, **given)


def second_factors(cast: Cast) -> None:
    """A reviewer sets up an app and recovery codes; an operator resets them."""
    login, now = cast.riitta.logins.get(), clock.now()
    secret = codes.new_secret()
    act = _by(cast.riitta)
    code = codes.code_at(secret, codes.step_at(now))
    second_factor.add_app(login, secret, code, **act)
    for _time in range(2):
        second_factor.make_recovery_codes(login, **act)
    second_factor.reset(cast.riitta, **act)


def reviewer_made(cast: Cast) -> None:
    """Somebody is given the reviewer's role."""
    sofia = people.make_person("Sofia Suurkäyttäjä", now=clock.now())
    staff_roles.grant_reviewer(sofia, by=cast.raimo, **_by(cast.raimo))


def told_by_anybody(cast: Cast) -> None:
    """Somebody gives feedback."""
    feedback.give(
        about="accessibility",
        text="Painike ei näy.",
        email="",
        address="127.0.0.1",
        now=clock.now(),
    )


def _csr(key: ec.EllipticCurvePrivateKey, name: str) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name.lower())])
    request = x509.CertificateSigningRequestBuilder(subject).add_extension(names, critical=False)
    return request.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _by(person: Person) -> dict[str, Any]:
    return {"actor": actor_for(person), "now": clock.now()}


def _as(person: Person) -> dict[str, Any]:
    return _by(person) | {"person": person}


def _act(person: Person, order: Application) -> dict[str, Any]:
    return Handler(person, order).seen | {"person": person}


def waiting(cast: Cast) -> Application:
    """An order waits for the request of the technical contact or the deputy."""
    return orders.waiting_for_contact(
        cast.matti, deputy_name="Veera", deputy_email="veera@example.com"
    )


def claimed(cast: Cast) -> Application:
    """A reviewer handles a case."""
    return orders.claimed(cast.matti, cast.riitta)


def delivered(cast: Cast) -> Application:
    """A certificate is delivered to the contact, the deputy and a shared mailbox."""
    order = waiting(cast)
    orders.attach(cast.matti, order, orders.openssl_csr())
    return orders.finish(cast.matti, cast.riitta, order)


OCCASIONS: tuple[Callable[[Cast], object], ...] = (
    returned_by_the_checks,
    codes_asked,
    key_proven,
    invited,
    members_changed,
    succeeded,
    administrator_asked,
    administrator_refused,
    decided_on_the_account,
    second_factors,
    reviewer_made,
    told_by_anybody,
)
type OfAnOrder = Callable[[Cast, Application], object]
# What may become of an order that has come so far.
OF_ORDERS: tuple[tuple[Callable[[Cast], Application], tuple[OfAnOrder, ...]], ...] = (
    (waiting, (request_by_the_contact, refused_by_the_contact, incomplete)),
    (claimed, (asked_for_information, rejected_and_reopened, recalled, reviewers_day)),
    (delivered, (expiring, replaced, revoked, proposed, register_changed, key_blocked)),
)
