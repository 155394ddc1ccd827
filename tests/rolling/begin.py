"""Run by the version before, from its own tree: people, their sessions and drafts, told as JSON.

`python - ORDERS`, with this file on standard input.
"""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
django.setup()

from django.test import Client  # noqa: E402

from accounts.models import Person  # noqa: E402
from certportal.dev.builders import orders, people  # noqa: E402
from certportal.foundation import clock  # noqa: E402


def session_of(person: Person) -> str:
    """Return the key of a session that has just begun."""
    client = people.log_in(Client(), person)
    key: str = client.cookies["sessionid"].value
    return key


def main() -> None:
    """Make everything through the builders of this version."""
    now = clock.now()
    matti = people.make_founder("Matti Meikäläinen", "9900001-8", now=now)
    reviewers = [people.make_reviewer(f"{name} Tarkastaja", now=now) for name in ("Rita", "Raul")]
    drafts = [orders.with_csr(matti, csr=orders.openssl_csr()) for _ in range(int(sys.argv[1]))]
    told = {
        "applicant": session_of(matti),
        "reviewers": [session_of(each) for each in reviewers],
        "orders": [str(each.pk) for each in drafts],
    }
    sys.stdout.write("\n" + json.dumps(told) + "\n")


main()
