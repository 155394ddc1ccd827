"""Certificates a second through the whole authority, beside each part alone in the same run.

Whole: prepare (own rules, throwaway signature, lint, commit) and issue (own rules, two commits,
signature, its check, journal with fsync, the news to the broker), one at a time and as mass
replacement does it, many at a time. The floor of a whole is the rate that the sum of its parts
allows. Each part is measured alone, in its turn: once after the part before it, as in the whole.
Beside it stands what it takes in a loop of its own, where the processor's caches hold all it needs.
Wholes and parts take turns, so that what else the machine does disturbs all alike, and each figure
is the mean of the rounds: means add up as the parts do, medians do not. Rates are per core: counted
is the CPU time of this process and of the database's that serves it; what it is by the clock,
waiting for the disk and all, stands beside. Approving, a person's act, is not counted.
"""

import gc
import os
import secrets
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from uuid import uuid4

from django.conf import settings

from accounts.models import Organisation
from certportal.dev.builders import hierarchy, people
from certportal.foundation import clock
from issuance import services
from issuance.certificate.order import CertificateOrder
from issuance.keys.rsa import deep_faults
from issuance.models import PreparedCertificate
from tests.benchmarks import issuing
from tests.benchmarks.harness import figure, own_database
from tests.issuance.orders import new_key, server_order

KINDS = {"P-384": ("P-256", "ec"), "RSA-4096": ("RSA-2048", "rsa")}
ROUNDS = int(os.environ.get("BENCH_ISSUE_ROUNDS", "12"))
SINGLE, BATCH = 5, 50


def run():
    """Work in a database and a folder of its own, which are removed again."""
    hierarchy.RSA_BITS = 4096
    with own_database(), tempfile.TemporaryDirectory() as folder:
        hierarchy.make_hierarchy(settings, Path(folder))
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
        names = [f"{name} {secrets.token_hex(4)}" for name in ("Riitta", "Raimo")]
        self.reviewers = [people.make_reviewer(each, now=now) for each in names]
        self.key_kind = key_kind
        self.clocked = {1: [], BATCH: []}
        self.singles = iter(self._orders(ROUNDS * SINGLE))
        self.many = self._orders(BATCH)
        self.made = self._through(self.many)[1]

    def _orders(self, count):
        return [server_order(self.organisation, new_key(self.key_kind)) for _ in range(count)]

    def single(self):
        """Seconds a certificate, each by itself."""
        orders = [next(self.singles) for _ in range(SINGLE)]
        return sum(self._through([order])[0] for order in orders) / SINGLE

    def together(self):
        """Seconds a certificate, all replaced at once under their keys."""
        self.many = [replace(one, reference=uuid4(), replaces=one.reference) for one in self.many]
        return self._through(self.many)[0] / BATCH

    def _through(self, orders):
        deep_faults.cache_clear()  # each key comes once
        begun, clocked = issuing.spent(), time.perf_counter()
        attempts = services.prepare_all(orders, now=clock.now())
        prepared, clocked = issuing.spent() - begun, time.perf_counter() - clocked
        self._approve(attempts)
        begun, again = issuing.spent(), time.perf_counter()
        issued = services.issue_all([one.reference for one in orders], now=clock.now())
        passed = prepared + issuing.spent() - begun
        self.clocked[len(orders)].append((clocked + time.perf_counter() - again) / len(orders))
        assert all(issued)
        return passed, [Made(*each) for each in zip(orders, attempts, strict=True)]

    def _approve(self, attempts):
        now = clock.now()
        shown = {one.pk: one.tbs_sha256 for one in attempts}
        for each in self.reviewers:  # what replaces another wants two
            services.approve_all(shown, person=each, reauthenticated_at=now, now=now)


def _measure(ca_kind, folder):
    key_kind, branch = KINDS[ca_kind]
    signer = hierarchy.issuing(hierarchy.Place("production", branch))
    works = Works(key_kind)
    works.single()
    works.singles = iter(works._orders(ROUNDS * SINGLE))
    requests = [one.order.csr_der for one in works.made]
    singly = issuing.parts(key_kind, signer, works.made, each=1)
    together = issuing.parts(key_kind, signer, works.made, each=BATCH)
    others = [
        issuing.raw_signing(signer),
        issuing.openssl_ca(signer, requests, folder),
        issuing.plain_pyca(key_kind, signer, requests[0]),
    ]
    turns = [lambda: [works.single(), works.together()]]
    turns += [_in_turn(singly, SINGLE, 1), _in_turn(together, 1, BATCH)]
    turns += [_looped(singly), _looped(together), _looped(others)]
    rounds = [[turn() for turn in turns] for _ in range(ROUNDS)]
    wholes, *measured = (_means(turn) for turn in zip(*rounds, strict=True))
    yield from _figures(ca_kind, works, wholes, measured, [singly, together, others])


def _in_turn(parts, passes, certificates):
    """Seconds a certificate of each part, one after the other, as often as the whole is done."""
    return lambda: _means([[part.once(certificates) for part in parts] for _ in range(passes)])


def _looped(parts):
    return lambda: [part.seconds() for part in parts]


def _means(rows):
    return [fmean(column) for column in zip(*rows, strict=True)]


def _figures(ca_kind, works, wholes, measured, parts):
    *labelled, beside = measured
    labels = ("one at a time", f"{BATCH} at a time")
    for label, seconds, taken in zip(labels, wholes, labelled[:2], strict=True):
        yield figure(f"{ca_kind} CA: {label}, of what its parts allow", *_of(seconds, taken))
    for label, seconds, taken in zip(labels, wholes, labelled[2:], strict=True):
        what = f"{ca_kind} CA: {label}, of its parts each in a loop of its own"
        yield figure(what, *_of(seconds, taken))
    for label, times in zip(labels, works.clocked.values(), strict=True):
        yield figure(f"{ca_kind} CA: {label}, by the clock", 1 / fmean(times), "/s")
    for part, taken in zip(parts[2], beside, strict=True):
        for label, seconds in zip(labels, wholes, strict=True):
            peer = "" if part.name == issuing.RAW else part.name
            yield figure(
                f"{ca_kind} CA: {label}, of {part.name}", *_of(seconds, [taken]), peer=peer
            )
    for label, found, taken, looped in zip(
        ("singly", f"by {BATCH}"), parts[:2], labelled[:2], labelled[2:], strict=True
    ):
        for part, seconds, own in zip(found, taken, looped, strict=True):
            yield figure(f"{ca_kind} CA, {label}: {part.name}", seconds * 1000, "ms")
            yield figure(f"{ca_kind} CA, {label}: the same, in a loop", own * 1000, "ms")


def _of(seconds, parts):
    return 1 / seconds, "/s", 1 / sum(parts)
