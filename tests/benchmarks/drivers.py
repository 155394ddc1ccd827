"""Processes that do what applicants and reviewers do in web processes, through the services."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing.queues import SimpleQueue
from uuid import UUID

from cryptography import x509

from accounts.models import Person
from applications import services
from applications.models import Application
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.models import Tally
from issuance.models import PreparedCertificate
from tests.benchmarks.packages import key_of

APPLICANTS = ("Aino Tilaava", "Eino Tilaava", "Impi Tilaava", "Onni Tilaava")
REVIEWERS = ("Aino Ratkova", "Eino Ratkova", "Impi Ratkova", "Onni Ratkova")
LONGEST_WAIT = 300.0
PAUSE = 0.1
"""Seconds between two looks at how far the workers are, which are no work of the service."""


@dataclass(frozen=True)
class Order:
    """An order, and the SHA-256 of the key that its certificate is to have."""

    id: UUID
    key: str


class Drivers:
    """Processes with an applicant and a reviewer each, who handle their share of the orders."""

    def __init__(self, number: int) -> None:
        """Start them. The caller has no connection to the database open: they would share it."""
        forked = multiprocessing.get_context("fork")
        numbers = forked.SimpleQueue()
        for each in range(number):
            numbers.put(each)
        self.number = number
        self.pool = forked.Pool(number, _take_number, [numbers])
        self.processes = [each.pid for each in multiprocessing.active_children() if each.pid]

    def make_people(self) -> None:
        """Make the people: an account with all the applicants, and the reviewers."""
        now = clock.now()
        founder = people.make_founder(APPLICANTS[0], "9900001-8", now=now)
        account = founder.memberships.get().organisation
        for name in APPLICANTS[1 : self.number]:
            people.make_member(name, account, now=now)
        for name in REVIEWERS[: self.number]:
            people.make_reviewer(name, now=now)

    def drafts(self, number: int, key: str = "ec") -> list[Order]:
        """Fill in so many orders, more than people may in an hour; `key`: "ec" or RSA's bits."""
        Tally.objects.all().delete()
        return self.pool.map(partial(_in_plain_words, _draft), [key] * number, chunksize=4)

    def to_prepared(self, wanted: list[Order]) -> None:
        """Submit the orders, and take each case until its certificate stands prepared."""
        self._shared(_to_prepared, wanted)

    def approve(self, wanted: list[Order]) -> dict[str, float]:
        """Approve all as fast as can be; return by key when each approval was begun."""
        return self._joined(self._shared(_approve_all, wanted))

    def drive(self, wanted: list[Order]) -> dict[str, float]:
        """Submit all, take and approve each as soon as it can be; return as `approve` does."""
        return self._joined(self._shared(_drive, wanted))

    def _shared[Result](
        self, work: Callable[[list[Order]], Result], wanted: list[Order]
    ) -> list[Result]:
        shares = [wanted[each :: self.number] for each in range(self.number)]
        return self.pool.map(partial(_in_plain_words, work), shares, chunksize=1)

    def _joined(self, found: Iterable[dict[str, float]]) -> dict[str, float]:
        return {key: at for each in found for key, at in each.items()}


_own: list[int] = []
"""The number of this process."""


def _in_plain_words[Given, Result](work: Callable[[Given], Result], given: Given) -> Result:
    """Do the work; the pool waits for ever for an error that cannot be unpickled (a refusal)."""
    try:
        return work(given)
    except Exception as error:
        raise RuntimeError(f"{type(error).__name__}: {error}") from None


def _take_number(numbers: "SimpleQueue[int]") -> None:
    # The benchmark's own handler raises SystemExit, which Python ignores in a destructor: the pool
    # would then wait for this process for ever.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _own.append(numbers.get())


@cache
def _person(names: Sequence[str]) -> Person:
    given, family = names[_own[0]].split()
    return Person.objects.get(given_name=given, family_name=family)


def _draft(key: str) -> Order:
    request = orders.openssl_csr(key=key)
    made = orders.with_csr(_person(APPLICANTS), csr=request)
    return Order(made.pk, key_of(x509.load_pem_x509_csr(request)))


def _to_prepared(wanted: list[Order]) -> None:
    _submit_all(wanted)
    _follow(wanted, approving=False)


def _drive(wanted: list[Order]) -> dict[str, float]:
    _submit_all(wanted)
    return _follow(wanted, approving=True)


def _submit_all(wanted: list[Order]) -> None:
    for order in wanted:
        application = Application.objects.select_related("created_by").get(pk=order.id)
        orders.submit(application.created_by, application)


def _follow(wanted: list[Order], *, approving: bool) -> dict[str, float]:
    """Take each case that is in review; approve each that is prepared, if that is wanted."""
    at: dict[str, float] = {}
    left, taken = {order.id: order for order in wanted}, set[UUID]()
    until = time.monotonic() + LONGEST_WAIT
    while left:
        if time.monotonic() > until:
            raise TimeoutError(f"{len(left)} orders are not prepared")
        for id_ in _in_review(left.keys() - taken):
            _take(id_)
            taken.add(id_)
        for id_ in _prepared(taken & left.keys()):
            order = left.pop(id_)
            if approving:
                at |= _approve_all([order])
        time.sleep(PAUSE)
    return at


def _in_review(ids: Iterable[UUID]) -> list[UUID]:
    found = Application.objects.filter(pk__in=ids, status=Status.IN_REVIEW)
    return list(found.values_list("pk", flat=True))


def _prepared(ids: Iterable[UUID]) -> list[UUID]:
    found = PreparedCertificate.objects.filter(reference__in=ids, closed_at=None)
    return list(found.values_list("reference", flat=True))


def _take(id_: UUID) -> None:
    application, reviewer = Application.objects.get(pk=id_), _person(REVIEWERS)
    seen = orders.Handler(reviewer, application).seen
    services.claim(id_, person=reviewer, **seen)
    orders.give_evidence(reviewer, application)


def _approve_all(wanted: list[Order]) -> dict[str, float]:
    at = {}
    for order in wanted:
        application = Application.objects.select_related("reviewer").get(pk=order.id)
        at[order.key] = time.monotonic()
        orders.press_approve(application.reviewer, application)
    return at
