"""What is there after the upgrade, and what should be."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from django.conf import settings

from applications.models import Application, Package
from applications.workflow import ApplicationEvent, Status
from certportal.foundation.models import Event, OutboxItem
from issuance import journal
from issuance.event_names import IssuanceEvent
from issuance.models import Certificate, PreparedCertificate

SENT_BACK = (
    *(ApplicationEvent.RECALL, ApplicationEvent.RETURN_ORDER, ApplicationEvent.RETURN_CSR),
    *(IssuanceEvent.REFUSED, IssuanceEvent.VOIDED),
)
DONE = {
    "answers": re.compile(r"request_finished"),
    "signatures": re.compile(r"Task issuance\.issue\[.*succeeded"),
    "tasks": re.compile(r"Task .* succeeded"),
}
IS_ERROR = re.compile(r"\"level\": ?\"(error|critical)\"|Traceback|\bERROR\b|\bCRITICAL\b")


class Seen:
    """The service's database, journal, mails and logs."""

    def __init__(self, data: Path, logs: Sequence[Path], orders: Sequence[str]) -> None:
        self.mails = data / "data" / "mail"
        self.logs, self.orders = logs, orders
        settings.PORTAL_DATA = data / "data"

    def is_finished(self) -> bool:
        """Whether everything is delivered and no work is open."""
        delivered = Application.objects.filter(status=Status.DELIVERED).count()
        open_ = OutboxItem.objects.filter(done_at=None)
        return delivered == len(self.orders) and not open_.exists()

    def tell(self, answers: Counter[int]) -> int:
        """Print what was counted and what is wrong; return 1 if anything is."""
        wrong = [*self._of_orders(), *self._of_mails(), *self._of_logs()]
        again = OutboxItem.objects.filter(attempts__gt=1).values_list("task", "problem", "attempts")
        print(f"{len(self.orders)} orders, {Certificate.objects.count()} certificates,")
        print(f"{len(self._read())} mails, {OutboxItem.objects.count()} items of work;")
        print(f"answers over HTTP by status: {dict(sorted(answers.items()))};")
        for folder in self.logs:
            print(f"{folder.name}: {_done(folder)};")
        again_examined = Event.objects.filter(
            action=IssuanceEvent.SIGNING, data__has_key="rule_set_version"
        )
        print(f"{again_examined.count()} signed by another version than they were prepared by;")
        print(f"work tried more than once: {dict(Counter(again)) or 'none'}")
        print("\n".join(wrong) or "None lost, none doubled, none sent back, no error told.")
        return 1 if wrong else 0

    def _of_orders(self) -> Iterator[str]:
        certified = Counter(map(str, Certificate.objects.values_list("reference", flat=True)))
        if certified != Counter(self.orders):
            yield f"certificates by order: {certified}"
        journalled = [entry.reference for stem in self._stems() for entry in journal.entries(stem)]
        if Counter(journalled) != Counter(self.orders):
            yield f"the journal has {Counter(journalled)}"
        if any(True for stem in self._stems() for _ in journal.faults(stem)):
            yield "the journal's chain is broken"
        attempts = Counter(
            map(str, PreparedCertificate.objects.values_list("reference", flat=True))
        )
        if attempts != Counter(self.orders):
            yield f"prepared more than once: {attempts - Counter(self.orders)}"
        for event in Event.objects.filter(action__in=SENT_BACK):
            yield f"sent back: {event.action} {event.data}"
        for item in OutboxItem.objects.exclude(failed_at=None):
            yield f"set aside: {item.task} {item.problem}"

    def _of_mails(self) -> Iterator[str]:
        sent = Counter(str(mail["Message-ID"]) for mail in self._read())
        yield from (f"mailed {times} times: {key}" for key, times in sent.items() if times > 1)
        wanted = Counter(Package.objects.values_list("application__number", flat=True))
        carried = [mail for mail in self._read() if _is_package(mail)]
        named = Counter(
            number for mail in carried for number in wanted if number in mail["Subject"]
        )
        if named != wanted or len(wanted) != len(self.orders):
            yield f"packages by order: {named} instead of {wanted}"

    def _of_logs(self) -> Iterator[str]:
        for file in (file for folder in self.logs for file in sorted(folder.glob("*.log"))):
            for line in file.read_text(errors="replace").splitlines():
                if IS_ERROR.search(line):
                    yield f"{file.parent.name}/{file.name}: {line[:400]}"

    def _read(self) -> list[EmailMessage]:
        parser = BytesParser(policy=policy.default)
        return [parser.parsebytes(file.read_bytes()) for file in sorted(self.mails.glob("*.eml"))]

    def _stems(self) -> list[str]:
        return sorted(set(Certificate.objects.values_list("issuing_ca__stem", flat=True)))


def _done(folder: Path) -> str:
    """Return how much the version whose logs these are has done."""
    text = "\n".join(file.read_text(errors="replace") for file in folder.glob("*.log"))
    return ", ".join(f"{len(one.findall(text))} {what}" for what, one in DONE.items())


def _is_package(mail: EmailMessage) -> bool:
    """Whether the mail carries a certificate."""
    return any(str(part.get_filename()).endswith(".pem") for part in mail.iter_attachments())
