"""The document of security names every requirement once, and files and tests that exist."""

import re
from pathlib import Path

import pytest

from accounts.services import (
    email,
    factors,
    founding,
    inviting,
    joining,
    searching,
    showing,
    signing_on,
)
from applications.services import answering, contacting, csrs, mailboxes
from certportal import eligibility, feedback
from issuance.services import examine, possession
from tests.portal.test_mission import named, those_in

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


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_protects_is_built_and_tested_where_the_table_says(row):
    number, how, built, shown = row
    assert re.fullmatch(r"V\d+\.\d+\.\d+ (met|operator|open)", number)
    assert how
    assert named(built)
    assert named(shown)
    for file in named(built):
        assert (ROOT / file).is_file(), file
    for test in named(shown):
        file, _colons, name = test.partition("::")
        assert any(one.startswith("test_") for one in those_in(file)), file
        assert not name or name in those_in(file), test


LIMITS = {
    "Steps of logging in": [signing_on.MOST_STEPS_FROM],
    "Logins": [signing_on.MOST_LOGINS_AN_HOUR],
    "Information added to an order": [answering.MOST_ADDITIONS_A_DAY],
    "Uploads of requests and documents": [
        *[csrs.MOST_UPLOADS_AN_HOUR, csrs.MOST_UPLOADS_BY_ONE, csrs.MOST_UPLOADS_FROM]
    ],
    "Documents about the right to act": [showing.MOST_A_DAY, showing.MOST_A_DAY_FROM],
    "Wrong codes of a second factor": [factors.MOST_FAILURES],
    "Invitations": [inviting.MOST_A_DAY, inviting.MOST_A_DAY, inviting.MOST_A_DAY_FROM],
    "Requests to be invited": [joining.MOST_A_DAY, joining.MOST_A_DAY_FROM],
    "Codes to confirm one's address": [email.MOST_CODES_AN_HOUR, email.MOST_CODES_AN_HOUR_FROM],
    "Codes to a shared mailbox": [
        *[mailboxes.MOST_CODES, mailboxes.MOST_BY_ONE, mailboxes.MOST_FROM]
    ],
    "Links to technical contacts": [
        *[contacting.MOST_MAILS_AN_HOUR, contacting.MOST_MAILS_BY_ONE, contacting.MOST_MAILS_FROM]
    ],
    "Wrong secrets of links": [inviting.MOST_GUESSES_AN_HOUR],
    "Accounts founded": [founding.MOST_FOUNDED_A_DAY, founding.MOST_FOUNDED_A_DAY_FROM],
    "Organisations looked up for an account": [founding.MOST_LOOKUPS_AN_HOUR],
    "Public examination of requests, revocation by key": [examine.MOST],
    "Search of the registers": [searching.MOST],
    "Who can apply": [eligibility.MOST],
    "Feedback": [feedback.MOST_AN_HOUR],
}


@pytest.mark.parametrize("what", LIMITS)
def test_the_limits_are_those_that_the_document_tells(what):
    (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| {what} |")]
    told = [int(number) for number in re.findall(r"\b\d+\b", line)]
    assert [one for one in LIMITS[what] if one not in told] == []
    assert examine.MOST == possession.MOST
    assert inviting.MOST_GUESSES_AN_HOUR == contacting.MOST_GUESSES_AN_HOUR
