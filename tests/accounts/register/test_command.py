import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.register.lookup import queries
from accounts.register.models import Kind, RegisterRecord, RegisterRun
from certportal.foundation import clock

OID = "1.2.246.10.99000018.10.0"


def page(tmp_path, *names, file="page.json", modified=""):
    codes = [
        {
            "conceptCodeId": f"1.2.246.10.99000018.10.{number}",
            "lastModifiedDate": modified,
            "attributes": [{"attributeName": "LongName", "attributeValue": [name]}],
        }
        for number, name in enumerate(names)
    ]
    path = tmp_path / file
    path.write_text(json.dumps({"conceptCodes": codes}))
    return str(path)


class Terminal(StringIO):
    def isatty(self):
        return True


def run(*arguments, err=None):
    out, err = StringIO(), err or StringIO()
    call_command("import_register", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.django_db
def test_files_are_imported_with_progress_and_counts(tmp_path):
    first, second = page(tmp_path, "A", "B"), page(tmp_path, "A", "B", file="again.json")
    out, err = run(first, second, err=Terminal())
    assert "2 rows read, 2 added" in out
    for label in ("page.json", "again.json", "sote_unit"):
        assert f"] 100% {label}\n" in err
    assert RegisterRecord.objects.count() == 2


@pytest.mark.django_db
def test_no_progress_bar_goes_to_a_log(tmp_path):
    out, err = run(page(tmp_path, "A", "B"))
    assert "2 rows read, 2 added" in out
    assert err == ""


def test_of_several_files_the_faulty_one_is_named(tmp_path):
    faulty = tmp_path / "second.json"
    faulty.write_text('{"conceptCodes": [{"conceptCodeId": "x"}]}')
    with pytest.raises(CommandError, match=r"^second\.json: conceptCodeId 'x' is not an OID$"):
        run(page(tmp_path, "A"), str(faulty))


@pytest.mark.django_db
def test_an_older_export_is_imported_only_if_the_operator_says_so(tmp_path):
    """It would silently put back what has changed since."""
    newer = page(tmp_path, "Uusi", "Toinen", modified="2026-11-20T03:15:00")
    older = page(tmp_path, "Vanha", "Toinen", file="old.json", modified="2026-11-02T03:15:00")
    run(newer)
    with pytest.raises(CommandError) as refused:
        run(older)
    for words in ("of 2 Nov 2026", "of 20 Nov 2026", "--older"):
        assert words in str(refused.value)
    assert RegisterRun.objects.latest("pk").reason == "OlderRows"
    out, _ = run("--dry-run", older)
    assert "'Uusi' → 'Vanha'" in out and "--older" in out
    run(newer)
    assert RegisterRecord.objects.get(oid=OID, known_to=None).long_name == "Uusi"
    run("--older", older)
    assert RegisterRecord.objects.get(oid=OID, known_to=None).long_name == "Vanha"


@pytest.mark.django_db
def test_a_change_dated_ahead_makes_no_later_export_older(tmp_path):
    run(page(tmp_path, "Eilinen", modified="2099-01-01T00:00:00"))
    run(page(tmp_path, "Uusi", modified="2026-11-20T03:15:00"))
    assert RegisterRecord.objects.get(known_to=None).long_name == "Uusi"


@pytest.mark.django_db
def test_a_dry_run_prints_the_differences_and_imports_nothing(tmp_path):
    run(page(tmp_path, "Vanha"))
    out, _ = run("--dry-run", page(tmp_path, "Uusi", "Toinen"))
    assert f"changed {OID}\n  long_name: 'Vanha' → 'Uusi'" in out
    assert "1 added, 1 changed, 0 removed" in out
    assert RegisterRecord.objects.get().long_name == "Vanha"


@pytest.mark.django_db
def test_a_dry_run_prints_every_difference_and_whether_it_would_be_held(tmp_path):
    run(page(tmp_path, *map(str, range(300))))
    out, _ = run("--dry-run", page(tmp_path, "0"))
    assert out.count("\nremoved ") + out.startswith("removed ") == 299
    assert "would be held" in out
    assert RegisterRecord.objects.filter(known_to=None).count() == 300


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8-sig", "Välittäjä Äyräs Oy"),
        ("utf-16", "Välittäjä Äyräs Oy"),
        ("latin-1", "Välittäjä Äyräs Oy"),
        ("cp1252", "Šemeikan välitys Oy"),
    ],
)
def test_a_list_of_intermediaries_from_a_spreadsheet(tmp_path, encoding, name):
    path = tmp_path / "valittajat.csv"
    lines = f"Nimi;Y-tunnus;Alkupvm;Loppupvm\n{name};9900023-7;1.2.2024;\n"
    path.write_bytes(lines.encode(encoding))
    run(str(path))
    record = RegisterRecord.objects.get()
    assert (record.kind, record.long_name) == ("intermediary", name)
    assert (record.oid, record.valid_from) == ("1.2.246.10.99000237", date(2024, 2, 1))


@pytest.mark.django_db
def test_the_sample_brings_both_registers():
    out, _ = run("--sample")
    assert "sote_unit: 63 rows read" in out
    assert "intermediary: 3 rows read" in out


@pytest.mark.django_db
def test_a_delta_keeps_what_is_not_in_the_file(tmp_path):
    run(page(tmp_path, "A", "B"))
    run("--delta", page(tmp_path, "A"))
    assert RegisterRecord.objects.filter(known_to=None).count() == 2
    run(page(tmp_path, "A"))
    assert RegisterRecord.objects.filter(known_to=None).count() == 1


def pages(tmp_path, *sizes):
    """Return files of a download with so many units on each page, which say their place in it."""
    files, total = [], sum(sizes)
    for number, size in enumerate(sizes, start=1):
        path = tmp_path / f"{number}.json"
        page(tmp_path, *(f"{number}-{unit}" for unit in range(size)), file=path.name)
        document = json.loads(path.read_text())
        for unit, code in enumerate(document["conceptCodes"]):
            code["conceptCodeId"] = f"1.2.246.10.99000018.10.{number}{unit:02}"
        place = {"page": number, "totalItems": total, "totalPages": len(sizes)}
        path.write_text(json.dumps(document | place))
        files.append(str(path))
    return files


@pytest.mark.django_db
def test_a_page_that_is_missing_ends_nobody(tmp_path):
    """Fewer units than one in a hundred would end unasked: a page of a register has as many."""
    first, second = pages(tmp_path, 400, 3)
    run(first, second)
    for given in ([first], [first, first]):
        with pytest.raises(CommandError, match=r"^page 2 of 2 is missing among the files$"):
            run(*given)
    assert RegisterRecord.objects.filter(known_to=None).count() == 403
    run("--delta", first)


def test_a_page_cut_short_and_one_of_another_download_are_told(tmp_path):
    first, second = pages(tmp_path, 40, 3)
    document = json.loads((tmp_path / "2.json").read_text())
    (tmp_path / "2.json").write_text(json.dumps(document | {"conceptCodes": []}))
    with pytest.raises(CommandError, match=r"^the files hold 40 of the 43 rows they announce$"):
        run(first, second)
    (tmp_path / "2.json").write_text(json.dumps(document | {"totalItems": 44}))
    with pytest.raises(CommandError, match=r"^the files are of different downloads"):
        run(first, second)


@pytest.mark.django_db
def test_a_list_cut_short_within_quotation_marks_is_told(tmp_path):
    """The last name would take in the lines that follow, and their intermediaries would end."""
    path = tmp_path / "valittajat.csv"
    path.write_text('Nimi;Y-tunnus\n"Välitys Oy;9900023-7\nToinen Oy;9900022-9\n')
    with pytest.raises(CommandError, match=r"^valittajat\.csv: not CSV$"):
        run(str(path))


@pytest.mark.django_db
def test_a_held_run_says_so(tmp_path):
    run(page(tmp_path, *map(str, range(30))))
    with pytest.raises(CommandError, match="Held"):
        run(page(tmp_path, "0"))
    assert RegisterRun.objects.latest("pk").outcome == "held"


@pytest.mark.django_db
def test_a_held_run_passes_once_an_operator_accepts_it(tmp_path):
    run(page(tmp_path, *map(str, range(30))))
    with pytest.raises(CommandError, match="accept_register_run"):
        run(page(tmp_path, "0"))
    held = RegisterRun.objects.get(outcome="held")
    out = StringIO()
    call_command("accept_register_run", held.pk, reason="seen", stdout=out)
    assert "29 units may end" in out.getvalue()
    run(page(tmp_path, "0"))
    assert RegisterRecord.objects.filter(known_to=None).count() == 1


@pytest.mark.django_db
def test_only_a_held_run_is_accepted(tmp_path):
    run(page(tmp_path, "A"))
    for number in (RegisterRun.objects.get().pk, 999_999):
        with pytest.raises(CommandError):
            call_command("accept_register_run", number, reason="seen")


NAMELESS = ", ".join(f'{{"conceptCodeId": "1.2.{number}"}}' for number in range(11))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "{", "[" * 100_000),
        '{"conceptCodes": [{}]}',
        f'{{"conceptCodes": [{NAMELESS}]}}',
    ],
)
def test_a_broken_file_is_refused_with_a_reason(tmp_path, content):
    path = tmp_path / "broken.json"
    path.write_text(content)
    with pytest.raises(CommandError):
        run(str(path))
    assert not RegisterRecord.objects.exists()


def test_nothing_to_import_and_a_missing_file_are_told(tmp_path):
    with pytest.raises(CommandError, match="--sample"):
        run()
    with pytest.raises(CommandError, match="No such file"):
        run(str(tmp_path / "none.json"))


@pytest.mark.django_db
def test_an_empty_list_of_intermediaries_is_a_list(tmp_path):
    path = tmp_path / "valittajat.json"
    path.write_text('{"intermediaries": []}')
    out, _ = run(str(path))
    assert "intermediary: 0 rows read" in out
    assert queries.is_fresh(clock.now(), kind=Kind.INTERMEDIARY)
