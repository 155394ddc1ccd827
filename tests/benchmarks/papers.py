"""What a receipt costs a worker: its text, its PDF, the place for the seal, the seal in it."""

import tempfile
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from statistics import median

from django.conf import settings
from django.core.management import call_command
from weasyprint import HTML

from applications.documents import paper_text, papers, sealing
from certportal.dev.builders import hierarchy, orders, people
from certportal.foundation import clock
from issuance.authority.seal import sign
from tests.authorities import add_seal, sealing as sealed
from tests.benchmarks.harness import Figure, figure, own_database

ROUNDS = 20
ALLOWED = 60.0
"""Milliseconds of CPU time that a rendered paper may take."""
LEAST = "<html lang=fi><head><title>x</title></head><body><p>x</p></body></html>"


def run() -> list[Figure]:
    """Work in a database and a folder of its own, which are removed again."""
    with own_database(), tempfile.TemporaryDirectory() as folder:
        hierarchy.use_memory(settings, Path(folder))
        call_command("import_register", "--sample", verbosity=0, stdout=StringIO())
        matti = people.make_founder("Matti Meikäläinen", "9900001-8", now=clock.now())
        return _measure(orders.submitted(matti).submission)


def _measure(submission) -> list[Figure]:
    seal, (signer, _root) = add_seal(), sealed()
    pdf = papers.receipt(submission).content
    prepared = sealing.prepare(pdf, seal, label="Sinetti")
    signature = sign(prepared.digest, signer)
    text = _cost(lambda: paper_text.receipt(submission))
    rendered = _cost(lambda: papers.receipt(submission))
    least = _cost(lambda: HTML(string=LEAST).write_pdf(pdf_variant="pdf/ua-1"))
    place = _cost(lambda: sealing.prepare(pdf, seal, label="Sinetti"))
    signed = _cost(lambda: sign(prepared.digest, signer))
    filled = _cost(lambda: sealing.fill(prepared.content, prepared.digest, signature))
    return [
        figure("a receipt rendered, CPU", rendered, "ms", ALLOWED),
        figure("the same, beside a PDF of one letter", rendered, "ms", least),
        figure("  of it the text", text, "ms"),
        figure("the place for the seal", place, "ms"),
        figure("the seal's signature", signed, "ms"),
        figure("the seal put in its place", filled, "ms"),
        figure("a sealed receipt, CPU", rendered + place + signed + filled, "ms"),
    ]


def _cost(work: Callable[[], object]) -> float:
    """Milliseconds of CPU time, the median of the rounds; what is made once was made before."""
    work()
    return median(_once(work) for _ in range(ROUNDS))


def _once(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return 1000 * (time.process_time() - begun)
