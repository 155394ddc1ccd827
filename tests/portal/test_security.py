"""The document of security names every requirement once, and files and tests that exist."""

import re
import tomllib
from pathlib import Path

import pytest

from accounts.services.organisations import consents, found, invite, join, search
from accounts.services.people import email, second_factor, sign_on
from accounts.services.rights import documents
from applications.services.applicant import (
    answers,
    bulk_orders,
    contact_links,
    csr,
    mailbox,
    proposed_names,
    repeated_starts,
)
from applications.services.system import papers
from certportal.public import eligibility, feedback, verify
from issuance.services import csr_check
from issuance.services.exposed_keys import revoke_by_key
from tests.portal.named_in_docs import named, those_in

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\| V\d", line)
]
# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has. They come first in it.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2,
    "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
}  # fmt: skip
KNOWN = [f"V{section}.{n}" for section, many in SECTIONS.items() for n in range(1, many + 1)]


def test_every_requirement_is_in_a_table_or_said_not_to_apply():
    before, _heading, opened = TEXT.partition("\n## Open\n")
    told = re.findall(r"V\d+\.\d+\.\d+", before)
    assert sorted(told) == sorted(KNOWN)
    left_open = {row[0].split()[0] for row in ROWS if row[0].endswith(" open")}
    assert set(re.findall(r"V\d+\.\d+\.\d+", opened)) == left_open


def is_built_and_tested(row):
    number, how, built, shown = row
    files, tests = named(built), [test.partition("::") for test in named(shown)]
    is_told = re.fullmatch(r"V\d+\.\d+\.\d+ (met|operator|open)", number) and how
    are_there = files and tests and all((ROOT / file).is_file() for file in files)
    return (
        is_told
        and are_there
        and all(any(one.startswith("test_") for one in those_in(file)) for file, _, _ in tests)
        and all(not name or name in those_in(file) for file, _, name in tests)
    )


def test_what_protects_is_built_and_tested_where_the_table_says():
    assert ROWS
    assert [row for row in ROWS if not is_built_and_tested(row)] == []


LIMITS = {
    "Steps of logging in": [sign_on.MOST_STEPS_FROM],
    "New drafts": [
        repeated_starts.MOST_AN_HOUR,
        repeated_starts.MOST_FROM,
        repeated_starts.MOST_FOR_ONE,
    ],
    "New drafts of bulk orders": [bulk_orders.MOST_TOGETHER_AN_HOUR],
    "New receipts and decisions as PDF": [
        *[papers.MOST_A_MINUTE, papers.MOST_FOR_ONE, papers.MOST_FROM]
    ],
    "Logins": [sign_on.MOST_LOGINS_AN_HOUR],
    "Information added to an order": [answers.MOST_ADDITIONS_A_DAY],
    "Host names proposed by technical contacts": [proposed_names.MOST_PROPOSALS_A_DAY],
    "Uploads of requests and documents": [
        *[csr.MOST_UPLOADS_AN_HOUR, csr.MOST_UPLOADS_BY_ONE, csr.MOST_UPLOADS_FROM]
    ],
    "Documents about the authority to act": [documents.MOST_A_DAY, documents.MOST_A_DAY_FROM],
    "Wrong codes of a second factor": [second_factor.MOST_FAILURES],
    "Invitations": [invite.MOST_A_DAY, invite.MOST_A_DAY, invite.MOST_A_DAY_FROM],
    "Requests to be invited": [join.MOST_A_DAY, join.MOST_A_DAY_FROM],
    "Codes to confirm one's address": [email.MOST_CODES_AN_HOUR, email.MOST_CODES_AN_HOUR_FROM],
    "Codes to a shared mailbox": [*[mailbox.MOST_CODES, mailbox.MOST_BY_ONE, mailbox.MOST_FROM]],
    "Links to technical contacts": [
        *[
            contact_links.MOST_MAILS_AN_HOUR,
            contact_links.MOST_MAILS_TO_ONE,
            contact_links.MOST_MAILS_BY_ONE,
            contact_links.MOST_MAILS_FROM,
        ]
    ],
    "Wrong secrets of links": [invite.MOST_GUESSES_AN_HOUR],
    "Accounts founded": [found.MOST_FOUNDED_A_DAY, found.MOST_FOUNDED_A_DAY_FROM],
    "Organisations looked up for an account": [found.MOST_LOOKUPS_AN_HOUR],
    "Suppliers looked up for a permission": [consents.MOST_LOOKUPS_AN_HOUR],
    "Public examination of requests, revocation by key": [csr_check.MOST],
    "Public check of event receipts": [verify.MOST],
    "Tables of bulk orders read": [bulk_orders.MOST_READ, bulk_orders.MOST_READ_FROM],
    "Search of the registers": [search.MOST],
    "Who can order": [eligibility.MOST],
    "Feedback": [feedback.MOST_AN_HOUR],
}


@pytest.mark.parametrize("what", LIMITS)
def test_the_limits_are_those_that_the_document_tells(what):
    (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| {what} |")]
    told = [int(number) for number in re.findall(r"\b\d+\b", line)]
    assert [one for one in LIMITS[what] if one not in told] == []
    assert csr_check.MOST == revoke_by_key.MOST
    assert invite.MOST_GUESSES_AN_HOUR == contact_links.MOST_GUESSES_AN_HOUR


def test_the_times_for_faults_of_packages_are_said():
    (section,) = re.findall(r"## Faults of packages\n(.*?)\n## ", TEXT, re.DOTALL)
    days = {"three days": "critical", "fourteen days": "high", "sixty days": "otherwise"}
    for line in re.findall(r"^- (.*)", section, re.MULTILINE):
        (within,) = [one for one in days if one in line]
        assert days.pop(within) in line
    assert days == {}
    assert "every three months" in section


def test_types_are_checked_strictly_and_packages_by_their_import_contracts_before_the_tests():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["mypy"]["strict"] is True
    assert {"certportal", "accounts", "applications", "issuance"} <= {
        *project["tool"]["mypy"]["packages"]
    }
    checks = (ROOT / "certportal" / "shell" / "checks.sh").read_text()
    assert "mypy" in checks
    assert "lint-imports" in checks or "importlinter" in checks


def test_every_setting_that_is_read_is_told_in_the_readme():
    read = set()
    for file in ("certportal/settings.py", "certportal/env.py"):
        text = (ROOT / file).read_text()
        names = r'env\.(?:text|secret|flag|choice|table|key_pairs)\(\s*"([A-Z_]+)"'
        read |= set(re.findall(names, text))
    read -= {"FAULT_POINTS_DIR", "OUTBOX_LEASE_SECONDS", "OUTBOX_SWEEP_SECONDS"}  # for tests
    assert len(read) > 30
    told = "\n".join(
        path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    )
    assert [one for one in sorted(read) if one not in told] == []
