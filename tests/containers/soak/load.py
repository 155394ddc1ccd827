"""What people and relying parties do to the service meanwhile."""

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from cryptography.x509 import load_der_x509_crl
from cryptography.x509.ocsp import OCSPCertStatus
from playwright.sync_api import Browser, Error as BrowserError, Page

from tests.containers import people
from tests.containers.relying import Asked
from tests.containers.service import HOST, PKI_HOST, Service
from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package
from tests.security_keys import SecurityKey

MAILBOX = "palvelin"
"""How the addresses begin to which certificates go."""
APPLICANT = "Matti Meikäläinen"
PACE = 20.0
"""Seconds from one order to the next, at least."""
PACE_OF_HOURS = 37.0
"""The same in a soak of more than half an hour: one person may begin 100 orders an hour."""
BAD_EVERY, LOGIN_EVERY, REVOKE_EVERY = 4, 2, 3
LISTS = [f"{place}-{branch}-1" for place in ("sote", "root") for branch in ("rsa", "ec")]
CONFIRMED = 600.0
"""Seconds until a reviewer comes in anew: a quarter of an hour later approving asks for a code."""
WENT_WRONG = (AssertionError, BrowserError, OSError, ValueError)


@dataclass
class Ordered:
    """A certificate that came by mail."""

    asked: Asked
    expected: OCSPCertStatus | None = OCSPCertStatus.GOOD
    """None while it is being revoked."""


class Load:
    """What was done so far, and what went wrong; shared by the threads."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.service, self.folder = service, folder
        self.ordered: list[Ordered] = []
        self.done: Counter[str] = Counter()
        self.wrong: list[str] = []

    def attempt(self, what: str, act: Callable[[], None]) -> bool:
        """Act once; count it, or write down what went wrong. Returns whether it went well."""
        try:
            act()
        except WENT_WRONG as error:
            said = str(error).strip().splitlines() or [type(error).__name__]
            self.wrong.append(f"{time.strftime('%T')} {what}: {' '.join(said[:3])[:300]}")
            print(self.wrong[-1], flush=True)
            return False
        self.done[what] += 1
        return True


class Office:
    """Matti, who orders, and both reviewers, each in a browser."""

    def __init__(self, load: Load, chromium: Browser) -> None:
        self.load, self.service, self.chromium = load, load.service, chromium
        self.seats: dict[str, Page] = {}
        self.keys: dict[str, SecurityKey] = {}
        self.since: dict[str, float] = {}

    def open(self) -> None:
        """Make the reviewers, let everybody come in, and enrol the reviewers' passkeys."""
        people.make_reviewers(self.service, self._visitor)
        for name in (*people.REVIEWERS, APPLICANT):
            self._come_in(name)
        reviewing = {name: self.seats[name] for name in people.REVIEWERS}
        self.keys = people.make_approvers(self.service, reviewing)

    def order(self, number: int) -> None:
        """One order, from the draft to the delivered package; every third is revoked."""
        if number % LOGIN_EVERY == 0:
            self.load.attempt("logins", lambda: self._come_in(APPLICANT))
        if self.load.attempt("orders", lambda: self._deliver(number)):
            if number % REVOKE_EVERY == 0:
                self.load.attempt("revocations", lambda: self._revoke(self.load.ordered[-1]))
            return
        for name in list(self.seats):  # whatever page they were left on
            with suppress(*WENT_WRONG):
                self._come_in(name)

    def _visitor(self) -> Page:
        return people.context(self.chromium, self.service).new_page()

    def _come_in(self, name: str) -> None:
        page = self._visitor()
        steps.come_in(page, name, steps.BUSINESS_ID, stack=self.service)
        if name in self.keys:
            self.keys[name].plug_in(page)
        if name in self.seats:
            self.seats[name].context.close()
        self.seats[name], self.since[name] = page, time.monotonic()

    def _deliver(self, number: int) -> None:
        name, mailbox = f"palvelin{number}.example.fi", f"{MAILBOX}{number}@example.fi"
        matti = self.seats[APPLICANT]
        self.address = ordering.begin(matti, self.service.base, "server")
        ordering.fill_in(matti, self.address, "server", names=[name], mailbox=mailbox)
        with tempfile.TemporaryDirectory(dir=self.load.folder) as place:
            folder = Path(place)
            request = requests.openssl(folder, name)
            if number % BAD_EVERY == 0:
                self._give_bad_one(number // BAD_EVERY, folder, request)
            ordering.give_request(matti, request.csr)
            ordering.send(matti, self.address)
            self._decide()
            mail = steps.await_mail(mailbox, self.service.mails, seconds=60)
            package = Package.of(mail, folder)
            package.check(request)
            asked = Asked.about(self.service, package.der.read_bytes())
            self.load.ordered.append(Ordered(asked))

    def _decide(self) -> None:
        for name in people.REVIEWERS:
            if time.monotonic() - self.since[name] > CONFIRMED:
                self._come_in(name)
                self.load.done["logins"] += 1
        riitta, raimo = (self.seats[name] for name in people.REVIEWERS)
        case = ordering.take(riitta, self.service.base, self.address)
        ordering.approve(riitta, case)
        ordering.approve(raimo, case)

    def _give_bad_one(self, number: int, folder: Path, request: requests.Request) -> None:
        """Upload what cannot be certified: the page says so, and nothing goes on."""
        (folder / "weak").mkdir()
        weak = requests.openssl(folder / "weak", "heikko.example.fi", kind="1024").csr
        half = request.csr[: len(request.csr) // 2]
        bad = [b"this is no certificate request", weak, half][number % 3]
        matti = self.seats[APPLICANT]
        ordering.upload(matti, bad)
        matti.goto(f"{self.address}part/csr/")
        assert matti.locator("input[name=how][value=file]").count(), "a bad request went through"
        self.load.done["bad requests"] += 1

    def _revoke(self, one: Ordered) -> None:
        one.expected = None
        people.revoke(self.seats[APPLICANT], self.address)
        steps.await_true(
            lambda: one.asked.by_get(self.service) == OCSPCertStatus.REVOKED,
            "a revoked certificate is still good",
            seconds=30,
        )
        one.expected = OCSPCertStatus.REVOKED


class Crowd(threading.Thread):
    """Relying parties and visitors, who ask something each second until they are stopped."""

    def __init__(self, load: Load) -> None:
        super().__init__(daemon=True)
        self.load, self.service = load, load.service
        self.stopped = threading.Event()
        self.latest = 0

    def run(self) -> None:
        """Ask in turn; the public check of requests seldom, since it has a limit."""
        asked = {
            "OCSP by GET": self._get,
            "OCSP by POST": self._post,
            "revocation lists": self._list,
            "pages": self._page,
        }
        for turn, (what, act) in enumerate(cycle(asked.items())):
            if self.stopped.wait(1):
                return
            if self.load.ordered or what in {"revocation lists", "pages"}:
                self.latest += 1
                self.load.attempt(what, act)
            if turn % 30 == 0:
                self.load.attempt("checks of a request", self._check_request)

    def _one(self) -> Ordered:
        return self.load.ordered[self.latest % len(self.load.ordered)]

    def _get(self) -> None:
        one = self._one()
        _same(one, one.asked.by_get(self.service))

    def _post(self) -> None:
        one = self._one()
        _same(one, one.asked.by_post(self.service, self.load.folder))

    def _list(self) -> None:
        name = LISTS[self.latest // 4 % len(LISTS)]
        load_der_x509_crl(self.service.fetch(f"http://{PKI_HOST}/crl/{name}.crl").body)

    def _page(self) -> None:
        path = ("/fi/", "/sv/", "/en/", "/healthz")[self.latest // 4 % 4]
        answer = self.service.fetch(f"https://{HOST}{path}")
        assert answer.status == 200, f"{path}: {answer.status} {answer.body[-200:]!r}"

    def _check_request(self) -> None:
        with tempfile.TemporaryDirectory(dir=self.load.folder) as place:
            request = requests.openssl(Path(place), "kokeilu.example.fi")
            file = Path(place) / "pyynto.csr"
            file.write_bytes(request.csr[: -20 if self.latest % 2 else None])
            options = ["-F", "type=server", "-F", f"file=@{file}"]
            answer = self.service.fetch(f"https://{HOST}/fi/csr/", *options)
        assert answer.status == 200, answer.status


def _same(one: Ordered, said: OCSPCertStatus) -> None:
    serial = f"{one.asked.certificate.serial_number:x}"
    assert one.expected in {None, said}, f"{serial} is said to be {said}"
