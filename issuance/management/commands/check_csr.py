"""``manage.py check_csr``: examine a certificate request without storing it.

With the service's database, the block list is consulted, and a leaked key is blocked and its
certificates are revoked. Without a database, the other rules are applied and a warning is printed.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections
from django.utils import translation
from django.utils.translation import gettext, pgettext

from certportal.foundation import clock
from issuance.csr import Report, examine
from issuance.findings import Severity
from issuance.keys.computable import prepare_search
from issuance.services import examine_for_operator, is_blocked
from issuance.wording import word

type Doctor = Callable[[bytes], Report]

MOST_READ = 16 * 1024 * 1024
"""Most octets read of one file; a longer file is refused for its size anyway."""


class Command(BaseCommand):
    """Examine one file, or with --serve a stream of files until the input ends."""

    help = "Examine a certificate request: every fault in one pass, with a remedy."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", default="-", help="the file, - for standard input")
        parser.add_argument("--json", action="store_true", help="answer as one line of JSON")
        parser.add_argument("--language", default="en", choices=dict(settings.LANGUAGES))
        parser.add_argument(
            "--serve",
            action="store_true",
            help="read a line with a length and that many bytes, answer a line of JSON, repeat",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine; the exit status is 1 if the request is refused."""
        with translation.override(options["language"]):
            doctor = self._doctor(serving=options["serve"])
            if options["serve"]:
                serve(sys.stdin.buffer, sys.stdout.buffer, doctor)
                return
            report = doctor(_content(options["file"]))
            self.stdout.write(line_of(report) if options["json"] else text_of(report))
        if not report.accepted:
            sys.exit(1)

    def _doctor(self, *, serving: bool) -> Doctor:
        try:
            is_blocked("")
        except DatabaseError:
            self.stderr.write(
                gettext("No database: the block list is not asked, and no exposed key is blocked.")
            )
            return examine
        return _examine_one_of_many if serving else _examine_once


def _examine_once(data: bytes) -> Report:
    return examine_for_operator(data, now=clock.now())


def _examine_one_of_many(data: bytes) -> Report:
    close_old_connections()  # --serve may outlive a connection
    return _examine_once(data)


def _content(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(MOST_READ)
    try:
        with Path(name).open("rb") as file:
            return file.read(MOST_READ)
    except OSError as fault:
        raise CommandError(f"{name}: {fault.strerror}") from fault


def serve(requests: BinaryIO, answers: BinaryIO, doctor: Doctor = examine) -> None:
    """Answer requests until the input ends or a length line is not a number.

    A request is a line with the length in octets, then the file; the answer is a line of JSON.
    """
    prepare_search()
    while (line := requests.readline(32)).endswith(b"\n") and line.strip().isdigit():
        size = int(line)
        data = requests.read(min(size, MOST_READ))
        rest = size - len(data)
        while rest > 0 and (skipped := len(requests.read(min(rest, MOST_READ)))):
            rest -= skipped
        answers.write(line_of(doctor(data)).encode() + b"\n")
        answers.flush()


def line_of(report: Report) -> str:
    """The report as one line of JSON: verdict, reasons, findings with their texts, key."""
    findings = [finding.to_json() | _words(word(finding)) for finding in report.findings]
    answer = {
        "verdict": "accept" if report.accepted else "reject",
        "reasons": report.reasons,
        "findings": findings,
        "rule_set_version": report.rule_set_version,
        "key": report.csr.key.name if report.csr else None,
        "spki_sha256": report.csr.key.spki_sha256 if report.csr else None,
    }
    return json.dumps(answer, ensure_ascii=True)


def _words(worded: Any) -> dict[str, str]:
    return {"title": worded.title, "text": worded.text, "remedy": worded.remedy}


def text_of(report: Report) -> str:
    """The report as plain text in the active language."""
    lines = [_heading(report)]
    if report.csr:
        subject = ", ".join(f"{a.label}={_plain(a.value)}" for a in report.csr.subject)
        lines += [subject, *map(_plain, report.csr.dns_names)]
        lines += [f"{report.csr.key.name}, SPKI SHA-256 {report.csr.key.spki_sha256}"]
    for worded in map(word, report.findings):
        lines += [f"[{_weight(worded.severity)}] {worded.title}: {worded.text}"]
        lines += [f"    {worded.remedy}"] if worded.remedy else []
    return "\n".join(lines)


def _heading(report: Report) -> str:
    if report.accepted:
        return gettext("The certificate request is OK")
    if report.is_of_request:
        return gettext("The certificate request cannot be used as it is")
    return gettext("The file is not a certificate request")


def _weight(severity: Severity) -> str:
    if severity is Severity.ERROR:
        return pgettext("severity", "Prevents issuing")
    if severity is Severity.WARNING:
        return pgettext("severity", "Look at this")
    return pgettext("severity", "Note")


def _plain(value: str) -> str:
    """The value with unprintable characters replaced, as they could control the terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)
