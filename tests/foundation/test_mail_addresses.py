"""Spellings of a mail address that reach one mailbox are one."""

import pytest

from certportal.foundation.text.mail_addresses import mailbox


@pytest.mark.parametrize(
    "spelled",
    [
        "Kohde@Äkkö.fi",
        "kohde@a\u0308kko\u0308.fi",
        "kohde@xn--kk-uia8e.fi",
        '"kohde"@äkkö.fi',
        '"koh\\de"@XN--KK-UIA8E.FI.',
        " kohde@äkkö.fi ",
    ],
)
def test_each_spelling_is_the_same_mailbox(spelled):
    assert mailbox(spelled) == "kohde@xn--kk-uia8e.fi"


def test_other_mailboxes_are_others():
    others = ["kohde@akko.fi", "kohde2@äkkö.fi", "koh.de@äkkö.fi", "kohde@äkkö.se", "kohde"]
    assert len({mailbox(one) for one in others}) == len(others)


def test_a_domain_that_cannot_be_mailed_to_has_a_mailbox_too():
    assert mailbox("a@" + "ä" * 70 + ".fi") == "a@" + "ä" * 70 + ".fi"
