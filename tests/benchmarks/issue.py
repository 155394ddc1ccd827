"""Certificates a second through the whole authority, beside each part alone in the same run.

Whole: prepare (own rules, throwaway signature, lint, commit) and issue (own rules, the approvers'
proofs, two commits, signature, its check, journal with fsync, the news to the broker), one at a
time and as mass replacement does it, many at a time. The floor of a whole is the rate that the sum
of its parts allows. Each part is measured alone, in its turn: once after the part before it, as in
the whole. Beside it stands what it takes in a loop of its own, where the processor's caches hold
all it needs. Of each key it stands recorded that the tests that take long found nothing, as the
check of an order records it, unless it is said that the key was never tested. Peers are
`authorities`; since they lint nothing, ours stands beside them without the lint as well, which is
left out in this process only.

Wholes, parts and peers take turns, so that what else the machine does disturbs all alike, and each
figure is the mean of the rounds: means add up as the parts do, medians do not. Rates are per core:
counted is the CPU time of this process and of the database's that serves it; what it is by the
clock, waiting for the disk and all, stands beside. Two persons approve with their passkeys; to
record that, which web processes do, is counted in a figure of its own.
"""

import gc
import os
import secrets
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from unittest.mock import patch
from uuid import uuid4

from django.conf import settings

from accounts.models import Organisation
from certportal.dev.builders import hierarchy, people
from certportal.foundation import clock
from issuance import csr, services
from issuance.certificate.order import CertificateOrder
from issuance.models import PreparedCertificate, SoundKey
from issuance.services.issuing import prepare
from tests.benchmarks import authorities, issuing
from tests.benchmarks.approving import Reviewers, demand_proofs
from tests.benchmarks.csr import forget_keys
from tests.benchmarks.django_ca import django_ca
from tests.benchmarks.harness import figure, own_database
from tests.issuance.orders import new_key, server_order

KINDS = {"P-384": ("P-256", "ec"), "RSA-4096": ("RSA-2048", "rsa")}
ROUNDS = int(os.environ.get("BENCH_ISSUE_ROUNDS", "12"))
SINGLE, BATCH = 5, 50
ONE, MANY, UNTESTED = "one at a time", f"{BATCH} at a time", ", keys never tested"
ONE_UNLINTED, MANY_UNLINTED = (f"{how}, without lint" for how in (ONE, MANY))


def run():
    """Work in a database and a folder of its own, which are removed again."""
    hierarchy.RSA_BITS = 4096
    with own_database(), tempfile.TemporaryDirectory() as folder:
        hierarchy.make_hierarchy(settings, Path(folder))
        demand_proofs(Path(folder))
        _settle()
        return [each for kind in KINDS for each in _measure(kind, Path(folder) / kind)]


def _settle():
    """Keep what the migrations left from being collected amid a whole or a part, by luck.

    One collection of it all takes 0.1 s, and a worker, which migrates nothing, has none of it.
    """
    gc.collect()
    gc.freeze()


@dataclass
class Made:
    """An order and the attempt that became its certificate."""

    order: CertificateOrder
    prepared: PreparedCertificate


class Works:
    """Orders of one kind, and issuing them singly or together."""

    def __init__(self, key_kind):
        now = clock.now()
        founder = people.make_person(f"Matti {secrets.token_hex(4)}", now=now)
        self.organisation = Organisation.objects.create(
            name="Helsingin VI apteekki", founded_at=now, founded_by=founder
        )
        self.reviewers = Reviewers()
        self.key_kind = key_kind
        self.clocked, self.approving = defaultdict(list), defaultdict(list)
        self.singles = iter(self._orders(3 * (ROUNDS + 1) * SINGLE))
        self.many = self._orders(BATCH)
        self.made = self._through(self.many, "first")[1]

    def _orders(self, count):
        return [server_order(self.organisation, new_key(self.key_kind)) for _ in range(count)]

    def all(self):
        """By label, the CPU seconds a certificate of each way to issue."""
        found = {ONE: self.single(ONE), MANY: self.together(MANY)}
        found |= {f"{ONE}{UNTESTED}": self.single(f"{ONE}{UNTESTED}")}
        found |= {f"{MANY}{UNTESTED}": self.together(f"{MANY}{UNTESTED}")}
        with _without_lint():
            found |= {ONE_UNLINTED: self.single(ONE_UNLINTED)}
            return found | {MANY_UNLINTED: self.together(MANY_UNLINTED)}

    def single(self, label):
        """CPU seconds a certificate, each by itself."""
        orders = [next(self.singles) for _ in range(SINGLE)]
        return fmean(self._through([order], label)[0] for order in orders)

    def together(self, label):
        """CPU seconds a certificate, all replaced at once under their keys."""
        self.many = [replace(one, reference=uuid4(), replaces=one.reference) for one in self.many]
        return self._through(self.many, label)[0]

    def _through(self, orders, label):
        SoundKey.objects.all().delete()
        for one in orders if UNTESTED not in label else ():
            services.record_sound(csr.examine(one.csr_der, for_server=True), ())
        forget_keys()
        begun, clocked = issuing.spent(), time.perf_counter()
        attempts = services.prepare_all(orders, now=clock.now())
        prepared, clocked = issuing.spent() - begun, time.perf_counter() - clocked
        self.approving[label].append(self.reviewers.approve(attempts) / len(orders))
        begun, again = issuing.spent(), time.perf_counter()
        issued = services.issue_all([one.reference for one in orders], now=clock.now())
        passed = prepared + issuing.spent() - begun
        self.clocked[label].append((clocked + time.perf_counter() - again) / len(orders))
        assert all(issued)
        return passed / len(orders), [Made(*each) for each in zip(orders, attempts, strict=True)]


@contextmanager
def _without_lint():
    with patch.object(prepare, "lint", lambda *_: []):
        yield


def _measure(ca_kind, folder):
    key_kind, branch = KINDS[ca_kind]
    signer = hierarchy.issuing(hierarchy.Place("production", branch))
    works = Works(key_kind)
    works.single("first")
    works.single("first")
    requests = [one.order.csr_der for one in works.made]
    singly = issuing.parts(key_kind, signer, works.made, each=1)
    together = issuing.parts(key_kind, signer, works.made, each=BATCH)
    with (
        authorities.cfssl(signer, requests, folder / "cfssl") as installed,
        django_ca(signer, requests, folder / "django-ca") as besides,
    ):
        others = [
            authorities.raw_signing(signer),
            authorities.openssl_ca(signer, requests, folder / "openssl"),
            authorities.plain_pyca(key_kind, signer, requests[0]),
            *installed,
            *besides,
        ]
        turns = [_in_turn(singly, SINGLE, 1), _in_turn(together, 1, BATCH)]
        turns += [_looped(singly), _looped(together), _looped(others)]
        rounds = [(works.all(), [turn() for turn in turns]) for _ in range(ROUNDS)]
    wholes, measured = zip(*rounds, strict=True)
    seconds = {label: fmean(each[label] for each in wholes) for label in wholes[0]}
    taken = [_means(turn) for turn in zip(*measured, strict=True)]
    yield from _figures(ca_kind, works, seconds, taken, [singly, together, others])


def _in_turn(parts, passes, certificates):
    """Seconds a certificate of each part, one after the other, as often as the whole is done."""
    return lambda: _means([[part.once(certificates) for part in parts] for _ in range(passes)])


def _looped(parts):
    return lambda: [part.seconds() for part in parts]


def _means(rows):
    return [fmean(column) for column in zip(*rows, strict=True)]


def _figures(ca_kind, works, seconds, measured, parts):
    *labelled, beside = measured
    for label, taken, looped in zip((ONE, MANY), labelled[:2], labelled[2:], strict=True):
        what = f"{ca_kind} CA: {label}"
        yield figure(f"{what}, of what its parts allow", *_of(seconds[label], taken))
        yield figure(
            f"{what}, of its parts each in a loop of its own", *_of(seconds[label], looped)
        )
    for label, own in seconds.items():
        what = f"{ca_kind} CA: {label}"
        whole = own + fmean(works.approving[label])
        yield figure(f"{what}, two approvals recorded too", 1 / whole, "/s")
        yield figure(f"{what}, by the clock", 1 / fmean(works.clocked[label]), "/s")
    for part, taken in zip(parts[2], beside, strict=True):
        for label, own in seconds.items():
            peer = "" if part.name == authorities.RAW else part.name
            what = f"{ca_kind} CA: {label}, of {part.name}"
            yield figure(what, *_of(own, [taken]), peer=peer)
    for label, found, taken, looped in zip(
        ("singly", f"by {BATCH}"), parts[:2], labelled[:2], labelled[2:], strict=True
    ):
        for part, own, alone in zip(found, taken, looped, strict=True):
            yield figure(f"{ca_kind} CA, {label}: {part.name}", own * 1000, "ms")
            yield figure(f"{ca_kind} CA, {label}: the same, in a loop", alone * 1000, "ms")


def _of(seconds, parts):
    return 1 / seconds, "/s", 1 / sum(parts)
