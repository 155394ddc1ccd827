"""Each page has a title of its own, in each language."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from certportal.dev.builders import orders, people
from tests.accessible.looked_at import NO_PAGE, is_ours
from tests.isolation.table import TABLE


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_each_page_has_a_title_of_its_own(matti, riitta, cas, language):
    draft, case = orders.with_csr(matti), orders.claimed(matti, riitta)
    titles: dict[str, set[str]] = {}
    web, desk = people.log_in(Client(), matti), people.log_in(Client(), riitta)
    for name, kwargs in pages(draft, case):
        client = desk if name.startswith("console:") else web
        with translation.override(language):
            page = client.get(reverse(name, kwargs=kwargs))
        if page.status_code == 200:
            assert f'<html lang="{language}"' in page.text, name
            titles.setdefault(page.text.split("<title>")[1].split("</title>")[0], set()).add(name)
    assert len(titles) > 20
    assert web.get(reverse("home")).status_code == 200  # no page ended the session
    assert desk.get(reverse("console:queue")).status_code == 200
    assert {title: names for title, names in titles.items() if len(names) > 1} == {}


def pages(draft, case):
    """Yield name and arguments of every page that an order alone is enough to open."""
    for entry in filter(is_ours, TABLE):
        if entry.name in NO_PAGE or entry.name.startswith(("dev_mail", "testidp:")):
            continue
        of = case if entry.name.startswith("console:") else draft
        known = {"application_id": of.pk, "section_id": "validity", "csr_id": of.csrs.first().pk}
        if entry.wants <= known.keys():
            yield entry.name, {name: known[name] for name in entry.wants}
