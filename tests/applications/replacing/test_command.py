"""The operator's command for a mass replacement."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from applications.documents.certificate_files import certificate_of
from applications.models import Replacement
from certportal.dev.builders import orders
from certportal.dev.builders.replacements import approve
from certportal.foundation import clock


def command(*arguments):
    out = StringIO()
    call_command("reissue", *arguments, stdout=out)
    return out.getvalue()


def test_the_operator_s_way(order, riitta, raimo, tmp_path):
    serials = tmp_path / "serials.txt"
    serials.write_text(f"# broken\n{certificate_of(order).serial.lower()}\n")
    chosen = ("--serials", str(serials))
    why = ("--cause", "profile", "--note", "KU puuttui")
    assert command("plan", *chosen, *why, "--dry-run").endswith("\n1 certificate\n")
    assert not Replacement.objects.exists()
    said = command("plan", *chosen, *why)
    made = Replacement.objects.get()
    assert f"plan {made.pk}" in said
    assert "approvals  0 of 2" in said
    with pytest.raises(CommandError, match="2 reviewers"):
        command("run", str(made.pk))
    approve(made, riitta, raimo)
    assert "handed over: 1, refused: 0" in command("run", str(made.pk))
    orders.drain()
    assert "Replaced 1" in command("show", str(made.pk))
    assert "Replaced 1" in command("show")
    assert "handed over" not in command("run", str(made.pk))
    with pytest.raises(CommandError, match="day"):
        command("revoke", str(made.pk))


def test_the_operator_s_mistakes_are_told(order, tmp_path):
    why = ("--cause", "profile", "--note", "x")
    with pytest.raises(CommandError, match="say which"):
        command("plan", *why)
    unknown = tmp_path / "serials.txt"
    unknown.write_text("0102\n")
    with pytest.raises(CommandError, match="no certificate has"):
        command("plan", "--serials", str(unknown), *why)
    yesterday = clock.day(clock.now()) - timedelta(days=1)
    late = ("--profile", "server", "--revoke-on", yesterday.isoformat())
    for given in (late, (*late, "--dry-run")):
        with pytest.raises(CommandError, match="has passed: give --revoke-on a day"):
            command("plan", *given, *why)
    assert not Replacement.objects.exists()
    with pytest.raises(CommandError, match="there is no plan 4711; show lists them"):
        command("run", "4711")
    with pytest.raises(CommandError, match="there is no plan 4711"):
        command("show", "4711")
    with pytest.raises(CommandError, match=r"nowhere\.txt cannot be read"):
        command("plan", "--serials", str(tmp_path / "nowhere.txt"), *why)


@pytest.mark.django_db
def test_without_a_plan_show_says_what_makes_one():
    assert command("show") == "There is no plan; reissue plan makes one.\n"
