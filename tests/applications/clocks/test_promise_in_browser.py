"""Both sides see the promised day over the holidays, standing still during a question, and late."""

import re

import pytest

from certportal.foundation import clock
from tests.accessibility import check_both_widths
from tests.applications.clocks.asking import answer, ask, sent
from tests.applications.clocks.conftest import noon
from tests.gallery.conftest import (
    _browser_beside_database as _browser_beside_database,
    browser_type_launch_args as browser_type_launch_args,
    watched as watched,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def on(monkeypatch, open_as, matti, riitta):
    """Return a function that says, on a day, what the applicant and the reviewer read."""

    def look(day: str, application) -> tuple[str, str]:
        pages = (matti, f"/en/orders/{application.pk}/"), (riitta, f"/en/console/{application.pk}/")
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(clock, "now", lambda: noon(day))
            return tuple(open_as(*page).locator("main").inner_text() for page in pages)

    return look


@pytest.mark.parametrize(
    ("day", "shown", "asked", "answered", "due", "late"),
    [
        (
            "2026-12-21",
            "30 Dec(ember)? 2026",
            "2026-12-22",
            "2027-01-04",
            "11 Jan(uary)? 2027",
            "2027-01-13",
        ),
        ("2027-06-21", "29 June? 2027", "2027-06-23", "2027-06-25", "30 June? 2027", "2027-07-02"),
    ],
    ids=["Christmas", "Midsummer"],
)
def test_the_promised_day(matti, riitta, on, day, shown, asked, answered, due, late):
    application = sent(matti, day)
    for text in on(day, application):
        assert re.search(shown, text)

    ask(riitta, application, asked)
    applicant, reviewer = on(asked, application)
    assert not re.search(shown, applicant) and not re.search(shown, reviewer)
    assert "The promised time is paused until you answer and continues the day after." in applicant

    answer(matti, application, answered)
    for text in on(answered, application):
        assert re.search(due, text)
    applicant, reviewer = on(late, application)
    assert "2 working days late" in applicant and "We are sorry" in applicant
    assert "2 working days late" in reviewer


def test_a_lateness_reads_well_at_both_widths(matti, riitta, open_as, monkeypatch):
    application = sent(matti, "2026-12-21")
    monkeypatch.setattr(clock, "now", lambda: noon("2027-01-04"))
    check_both_widths(open_as(matti, f"/fi/orders/{application.pk}/"))
    check_both_widths(open_as(riitta, f"/fi/console/{application.pk}/"))
