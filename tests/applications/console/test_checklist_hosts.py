"""The checklist counts as shown only what an approval may rest on, and says who recorded it."""

from dataclasses import dataclass

import pytest

from applications import services
from applications.views.console.case import checklist
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock


@dataclass
class Host:
    """A host name, as the page's rows have it."""

    name: str
    evidence_note: str = ""
    evidenced_by: object = None
    evidenced_at: object = None


def row(number, *, is_weak=False, waiver=None):
    host = Host(f"n{number}.example.fi")
    return {"host": host, "evidence": "seen", "is_weak": is_weak, "waiver": waiver}


def counted(*rest):
    """Return the line of the host names beyond those listed by themselves."""
    first = [row(number) for number in range(checklist.MOST_HOSTS)]
    *_listed, line = checklist._hosts([*first, *rest])
    return line


def test_weak_evidence_of_a_name_far_down_is_not_counted_without_its_waiver():
    line = counted(row(8), row(9, is_weak=True))
    assert (line.mark, line.text) == (checklist.Mark.TODO, "evidence 1/2")


def test_with_its_waiver_it_is():
    line = counted(row(8), row(9, is_weak=True, waiver=object()))
    assert (line.mark, line.text) == (checklist.Mark.DONE, "evidence 2/2")


@pytest.mark.django_db
def test_who_approves_second_reads_there_what_the_first_recorded(case, other_desk, matti, riitta):
    note, until = "Soitin apteekkiin.", clock.day(clock.now())
    matti.memberships.update(confirmed_by=riitta, basis_note=note, confirmed_until=until)
    found = {"evidence": "registry", "note": "Traficomin haku."}
    hosts = case.host_names.values_list("pk", flat=True)
    act(riitta, services.set_evidence, case, *hosts, **found)
    orders.drain()
    page = other_desk.open("approve", case.pk).text
    for recorded in (note, found["note"]):
        assert f"{recorded}, Riitta Ratkaisija, " in page, recorded
    assert "word alone, enough until" in page
    matti.memberships.update(basis_note="")
    case.host_names.update(evidence_note="")
    again = other_desk.open("approve", case.pk).text
    assert again.count("<br>Riitta Ratkaisija, ") == 1 + len(hosts)


def test_a_host_name_says_what_was_seen_of_it_before_also_beside_a_new_one(
    ready, matti, desk, sample
):
    again = orders.with_csr(matti)
    names = {"host_names": ["erecept.example.fi", "uusi.example.fi"]}
    act(matti, services.save_section, again, "host_names", names)
    orders.submit(matti, again)
    orders.drain()
    page = desk.open("case", again.pk)
    assert not page.context["missing_form"]["evidence"].value()
    earlier = f'<a href="{desk.url("case", ready.pk)}">{ready.number}</a>'
    seen = page.text.split('id="hosts-title"')[1].split("</section>")
    told = [earlier in card and "Domain register" in card for card in seen[:2]]
    assert told == [True, False]
