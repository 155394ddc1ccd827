"""The pages by which a county orders for many: rows, common answers, one sending."""

import re
import unicodedata
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from applications.models import Application, BulkOrder, Submission
from applications.rules.certificate_names import names
from applications.views.bulk import begin
from certportal.dev.builders import people
from certportal.foundation import clock
from certportal.foundation.models import OutboxItem

pytestmark = pytest.mark.django_db
ROOT = "1.2.246.10.99000093.10"
COMMON = {
    "purpose": "both",
    "validity_months": "12",
    "begins": "at_once",
    "contact_name": "Liisa Lakeus",
    "contact_email": "liisa@example.fi",
    "mailbox": "tekniikka@example.fi",
    "deliver_to": "applicant",
    "csr_by": "applicant",
    "technical_language": "fi",
}
DECLARED = {"authority": "on", "domains": "on", "system": "on", "truth": "on", "binding": "on"}
ROWS = (
    "OID of the unit;Organisational unit;Host names\n"
    f"{ROOT}.200;;harjula.example.fi\n"
    ";Äyrälän terveysasema;ayrala.example.fi vara.ayrala.example.fi\n"
)


@pytest.fixture
def web(liisa):
    """Liisa's browser."""
    return people.log_in(Client(), liisa)


@pytest.fixture
def rows_of(web, address):
    """Press a button of the page of the rows."""

    def press(act="go", type="server", file=None, **data):
        given = {"act": act, "rows": "", "q": ""} | data
        if file is not None:
            given["file"] = SimpleUploadedFile("rivit.csv", file)
        return web.post(address("applications:order_many", type), given)

    return press


def text_in(page):
    found = re.search(r'<textarea name="rows"[^>]*>\s?(.*?)</textarea>', page.text, re.DOTALL)
    return unescape(found[1])


def made():
    return [(one.record_oid, one.names) for one in Application.objects.order_by("number")]


def test_the_way_there(web, address):
    for page in ("applications:orders", "applications:new"):
        assert address("applications:order_many_type") in web.get(address(page)).text
    page = web.get(address("applications:order_many_type"))
    assert 'value="server"' in page.text
    assert 'value="email"' not in page.text
    answer = web.post(address("applications:order_many_type"), {"type": "server"})
    assert answer["Location"] == address("applications:order_many", "server")
    assert web.get(address("applications:order_many", "email")).status_code == 404


def test_the_table_of_the_units_is_filled_in_and_comes_back(web, rows_of, address):
    file = web.get(address("applications:order_many_template", "server"))
    text = b"".join(file.streaming_content).decode("utf-8-sig")
    assert f"{ROOT}.204;Öljymäen neuvola;\r\n" in text
    assert "Lepikon" not in text, "its unit has ended"
    head, *rows = text.splitlines()
    filled = [f"{row}host{number}.example.fi" for number, row in enumerate(rows)]
    page = rows_of(file="\r\n".join([head, *filled]).encode("utf-8-sig"))
    assert f"This holds for all {len(rows)} orders" in page.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_every_encoding_and_separator_of_spreadsheets_is_read(rows_of, encoding):
    for separator in ";,\t":
        page = rows_of(file=ROWS.replace(";", separator).encode(encoding))
        assert "This holds for all 2 orders" in page.text, separator
    finnish = ROWS.replace("Host names", "Palvelinnimet").replace(
        "OID of the unit", "Yksikön OID-tunnus"
    )
    assert "This holds for all 2 orders" in rows_of(file=finnish.encode(encoding)).text


@pytest.mark.parametrize("first", ["sep=,\r\n", "sep=;\n", '"sep=\t"\n', "SEP=;;;\r\n"])
def test_the_line_that_names_the_separator_to_excel_is_no_row(rows_of, first):
    separator = next(one for one in ",;\t" if one in first)
    page = rows_of(file=(first + ROWS.replace(";", separator)).encode("utf-8-sig"))
    assert "This holds for all 2 orders" in page.text
    faulty = rows_of(rows=first + ROWS.replace(";", separator) + "nowhere")
    assert "“nowhere” is not a unit" in faulty.text
    assert re.search(r'<th scope="row"[^>]*>5</th>', faulty.text), "as the spreadsheet counts"
    assert text_in(faulty).startswith(first[:4])


def test_what_is_no_table_is_refused_in_words(rows_of):
    for file in (b"PK\x03\x04 a workbook", b"a\0b"):
        assert "is not a CSV file" in rows_of(file=file).text
    for nothing in ("", "\u200b;\u3164;\n"):
        assert "Give at least one row." in rows_of(rows=nothing).text
    many = "\n".join(f"{ROOT}.200;;a{number}.example.fi" for number in range(501))
    assert "There are 501 rows. Order at most 500" in rows_of(rows=many).text


def test_faulty_rows_are_named_and_nothing_is_lost(rows_of):
    rows = (
        f"{ROOT}.200;;harjula.example.fi\n"
        "1.2.246.10.99000018.10.0;;apteekki.example.fi\n"
        f"{ROOT}.202;;\n"
        f"{ROOT}.202;;väärä_nimi.example.fi\n"
        f"{ROOT}.200;;harjula.example.fi\n"
    )
    page = rows_of(file=rows.encode())
    told = unescape(page.text)
    assert "There is something to correct on 4 rows." in told
    assert "“1.2.246.10.99000018.10.0” is not a unit of your organisation" in told
    assert "Enter at least one host name." in told
    assert "The same order is on row 1." in told
    assert text_in(page).strip() == rows.strip()
    assert not Application.objects.exists()


@pytest.mark.usefixtures("still")
def test_one_person_has_so_many_tables_read_and_loses_none(rows_of, monkeypatch):
    monkeypatch.setattr("applications.services.applicant.bulk_orders.MOST_READ", 0)
    for given in ({"rows": ROWS}, {"file": ROWS.encode()}):
        answer = rows_of(act="go", **given)
        assert answer.status_code == 429
        assert "You have tried too many times." in answer.text
        assert "harjula.example.fi" in answer.text


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("act", ["go", "create", "search", "add", "all"])
def test_every_button_of_the_table_is_counted(rows_of, monkeypatch, act):
    monkeypatch.setattr("applications.services.applicant.bulk_orders.MOST_READ", 1)
    given = {"act": act, "rows": ROWS, "q": "Harjula", "unit": [f"{ROOT}.204"]}
    assert rows_of(**given).status_code == 200
    searched = []
    monkeypatch.setattr(begin, "search_units", lambda *asked, **more: searched.append(asked))
    answer = rows_of(**given)
    assert answer.status_code == 429
    assert text_in(answer).strip() == ROWS.strip()
    assert 'value="Harjula"' in answer.text
    assert not searched
    assert not Application.objects.exists()


@pytest.mark.parametrize("act", ["go", "search", "create"])
def test_a_private_key_among_the_rows_is_not_shown_again(rows_of, act):
    key = "-----BEGIN PRIVATE KEY-----\nMIIsalaisuus\n-----END PRIVATE KEY-----"
    page = rows_of(act=act, rows=f"{ROWS}{key}", contact_name=key).text
    assert "MIIsalaisuus" not in page


def test_what_stands_in_no_column_is_told_and_nothing_is_left_out(rows_of):
    for separator in ";,\t":
        row = separator.join([f"{ROOT}.200", "", "a.example.fi", "b.example.fi", ""])
        told = unescape(rows_of(rows=row).text)
        assert "“b.example.fi” is in no column." in told
        assert "There is something to correct on 1 row." in told
    page = rows_of(rows=f"{ROOT}.200;;a.example.fi;;\n")
    assert "This holds for 1 order" in page.text, "empty cells say nothing"


@pytest.mark.parametrize(
    "rows",
    [
        "a;" * 199_999,
        f"{ROOT}.200;;" + "a " * 190_000,
        f"{ROOT}.200;;" + "ä.example.fi " * 25_000,
        "a;b;c;d;e\n" * 39_000,
        f"{'a;' * 390}\n" * 500,
    ],
    ids=["cells", "words", "international words", "rows", "cells in each row"],
)
def test_a_text_of_nothing_but_faults_makes_no_page_of_megabytes(rows_of, rows):
    """Seconds of two such pages at once kept everybody else waiting for a minute."""
    page = rows_of(rows=rows)
    assert text_in(page).strip() == rows.strip()
    assert len(page.content) < len(rows.encode()) + 600_000


def test_columns_of_another_type_and_doubled_ones_are_told(rows_of):
    head = "OID of the unit;Host names;"
    row = f"\n{ROOT}.200;a.example.fi;b.example.fi\n"
    for added, said in (
        ("Aliases", "The columns are: OID of the unit, Organisational unit, Host names."),
        ("Information system", "The column “Information system” does not belong"),
        ("Host names", "The column “Host names” is there twice."),
        ("", "“b.example.fi” is in no column."),
    ):
        page = rows_of(rows=head + added + row)
        assert said in unescape(page.text)
        assert text_in(page).strip() == (head + added + row).strip()


def test_an_oid_and_a_name_that_contradict_each_other_are_not_ordered_for(rows_of):
    rows = (
        f"{ROOT}.200;Niemelän terveysasema;a.example.fi\n"
        f"{ROOT}.202;NIEMELÄN   terveysasema;b.example.fi\n"
    )
    page = rows_of(rows=rows)
    told = unescape(page.text)
    assert "but the row says “Niemelän terveysasema”" in told
    assert "There is something to correct on 1 row." in told
    composed = unicodedata.normalize("NFD", rows.splitlines()[1])
    assert "This holds for 1 order" in rows_of(rows=composed).text


def test_ticked_units_become_rows_and_stay_ticked_while_one_searches(rows_of):
    page = rows_of("search", q="Niemelän", unit=[f"{ROOT}.200"])
    assert f'type="hidden" name="unit" value="{ROOT}.200"' in page.text
    ticked = [f"{ROOT}.200", f"{ROOT}.202"]
    page = rows_of("add", unit=ticked, rows=f"{ROOT}.200;;harjula.example.fi")
    assert text_in(page).splitlines() == [
        f"{ROOT}.200;;harjula.example.fi",
        f"{ROOT}.202;Niemelän terveysasema;",
    ]
    for cleared in (";;", "\ufeff", " ; \n;;\n"):
        page = rows_of("add", unit=ticked[:1], rows=cleared)
        assert text_in(page).splitlines() == [
            "OID of the unit;Organisational unit;Host names",
            f"{ROOT}.200;Harjulan terveysasema;",
        ]
    page = rows_of("all", q="terveysasema")
    assert len(text_in(page).splitlines()) == 4, "the head and three that stand"


def test_common_answers_are_asked_once_and_kept_with_the_rows(rows_of):
    page = rows_of("create", rows=ROWS, **COMMON | {"mailbox": "", "contact_phone": "040 1"})
    assert "Enter an email address." in page.text
    assert 'value="040 1"' in page.text
    assert "ayrala.example.fi" in page.text
    assert not Application.objects.exists()
    back = rows_of("rows", rows=ROWS)
    assert text_in(back).strip() == ROWS.strip()


@pytest.mark.usefixtures("still")
def test_common_answers_are_kept_over_the_limit_of_orders(rows_of, monkeypatch):
    monkeypatch.setattr("applications.services.applicant.repeated_starts.MOST_AN_HOUR", 0)
    page = rows_of("create", rows=ROWS, **COMMON)
    assert page.status_code == 429
    assert "You have tried too many times." in page.text
    assert 'value="liisa@example.fi"' in page.text
    assert not Application.objects.exists()


@pytest.mark.parametrize("act", ["rows", "create"])
def test_common_answers_stay_on_the_way_back_to_the_rows(rows_of, act):
    """By the button, or since a row became faulty meanwhile; nothing is asked a second time."""
    given = COMMON | {
        **{"begins": "chosen", "start": "1.2.2099", "deliver_to": "technical_contact"},
        **{"technical_name": "Tiina <T>", "technical_email": "tiina@example.com"},
    }
    rows = ROWS if act == "rows" else "vieras;;a.example.fi"
    back = rows_of(act, rows=rows, **given)
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', back.text)
    kept = {name: unescape(value) for name, value in hidden if name in given}
    assert kept == given
    page = rows_of("search", rows=ROWS, **kept)
    assert 'value="tiina@example.com"' in page.text
    page = rows_of("go", rows=ROWS, **kept)
    assert "Enter" not in page.text, "nothing is judged before it is saved"
    for value in ("1.2.2099", "Tiina &lt;T&gt;", "liisa@example.fi"):
        assert f'value="{value}"' in page.text
    assert re.search(r'value="technical_contact"[^>]*checked', page.text)


def test_from_the_rows_to_the_sent_orders(web, rows_of, address, liisa):
    answer = rows_of("create", rows=ROWS, **COMMON)
    together = BulkOrder.objects.get()
    assert answer["Location"] == address("applications:bulk_order", together.pk)
    assert rows_of("create", rows=ROWS, **COMMON)["Location"] == answer["Location"], "twice"
    hosts = ["ayrala.example.fi", "vara.ayrala.example.fi"]
    assert made() == [(f"{ROOT}.200", ["harjula.example.fi"]), (f"{ROOT}.203", hosts)]
    page = web.get(answer["Location"])
    assert "Check and send 2 orders" in page.text
    check = address("applications:check_together", together.pk)
    page = web.get(check)
    when = "5 working days (Monday to Friday)"
    for said in ("harjula.example.fi", "Äyrälän terveysasema", "tekniikka@example.fi", when):
        assert said in page.text
    seen = re.search(r'name="version" value="(\w+)"', page.text)[1]
    assert web.post(check, {"version": seen}).status_code == 200, "nothing declared"
    assert not Submission.objects.exists()
    for _press in range(2):
        answer = web.post(check, DECLARED | {"version": seen})
        assert answer["Location"] == address("applications:bulk_order", together.pk)
    assert Submission.objects.count() == 2
    page = web.get(answer["Location"])
    assert "2 orders were sent." in page.text
    assert when in page.text
    assert "Awaiting" in page.text or "Waiting" in page.text
    mails = OutboxItem.objects.filter(topic="application.notice")
    assert [one.payload["notice"] for one in mails] == ["bulk_receipt"]
    listed = web.get(address("applications:bulk_csv", together.pk))
    text = b"".join(listed.streaming_content).decode("utf-8-sig")
    assert [line.split(";")[1] for line in text.splitlines()[1:]] == [
        "harjula.example.fi",
        hosts[0],
    ]


def test_before_sending_all_that_is_frozen_stands_with_each_order(web, rows_of, address):
    written = ROWS.replace("harjula.example.fi", "https://Harjula.example.fi/alku")
    page = rows_of(rows=written)
    said = "Row 2: We read what you entered as these host names: harjula.example.fi."
    assert said in unescape(page.text)
    assert "Row 3" not in page.text, "names separated as they should be need no words"
    rows_of("create", rows=written, **COMMON)
    check = address("applications:check_together", BulkOrder.objects.get().pk)
    first, second = re.findall(r'<dl class="facts">.*?</dl>', web.get(check).text, re.DOTALL)
    assert "harjula.example.fi" in first
    assert "ayrala.example.fi, vara.ayrala.example.fi" in " ".join(second.split())
    found = names(Application.objects.order_by("number")[1], now=clock.now())
    for name in (f"{ROOT}.203", found.organisation.value, found.unit.full, found.locality):
        assert name in unescape(second)


def test_the_check_shows_the_system_and_the_reason_for_a_foreign_oid(web, rows_of, address):
    reason = "Järjestelmä hankittiin naapurihyvinvointialueelta"
    rows = f"{ROOT}.200;;Acute;1.2.246.10.99000018.12.1;{reason}\n"
    common = {name: value for name, value in COMMON.items() if name != "purpose"}
    rows_of("create", type="system_signature", rows=rows, **common)
    page = web.get(address("applications:check_together", BulkOrder.objects.get().pk))
    for said in ("Acute", "1.2.246.10.99000018.12.1", reason, "Unit in the certificate"):
        assert said in page.text


def test_signatures_of_one_system_for_many_units(rows_of):
    rows = f"{ROOT}.200;;Acute;{ROOT}.12.1\n{ROOT}.202;;Acute;1.2.3.4\n"
    told = unescape(rows_of(type="system_signature", rows=rows).text)
    assert "is not under your organisation's own OID root" in told
    root = ROOT.removesuffix(".10")
    rows = f"{ROOT}.200;;Acute;{root}.12.1\n{ROOT}.202;;Acute;{root}.12.1\n"
    common = {name: value for name, value in COMMON.items() if name != "purpose"}
    rows_of("create", type="system_signature", rows=rows, **common)
    found = Application.objects.values_list("record_oid", "system_name", "system_oid")
    assert sorted(found) == [
        (f"{ROOT}.200", "Acute", f"{root}.12.1"),
        (f"{ROOT}.202", "Acute", f"{root}.12.1"),
    ]
