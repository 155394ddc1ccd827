"""The checklist counts as shown only what an approval may rest on."""

from dataclasses import dataclass

from applications.views.console.case import checklist


@dataclass
class Host:
    """A host name, as the page's rows have it."""

    name: str


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
