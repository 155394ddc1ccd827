"""A county with sixty drafts orders for many units from a table, and sends all by one act."""

import io
import re
import zipfile

from applications.models import Application, BulkOrder, Submission
from applications.workflow import Status
from tests.journeys import ordering, requests, steps

COUNTY, ROOT = "9900009-3", "1.2.246.10.99000093.10"
HOSTS = [f"palvelin{number}.jarvisuomi.example.fi" for number in range(60)]


def press(page, act):
    page.locator(f"main button[name=act][value={act}]").click()


def fill_in_common(page, mailbox):
    page.wait_for_selector("[name=mailbox]")
    page.locator("input[name=purpose][value=both]").check()
    page.locator("[name=validity_months]").fill("12")
    page.locator("[name=mailbox]").fill(mailbox)
    page.locator("input[name=deliver_to][value=applicant]").check()
    page.locator("input[name=csr_by][value=applicant]").check()
    press(page, "create")
    page.wait_for_url(re.compile("/together/"))


def begin(page, base, rows):
    page.goto(f"{base}/fi/orders/")
    page.locator("main a[href$='/many/']").click()
    page.locator("input[name=type][value=server]").check()
    ordering.go_on(page)
    page.wait_for_url(re.compile("/many/server/"))
    file = {"name": "rivit.csv", "mimeType": "text/csv", "buffer": rows.encode("latin-1")}
    page.locator("input[name=file]").set_input_files(file)
    press(page, "go")


def test_sixty_drafts_and_a_bulk_order(stack, seat, riitta, database, tmp_path):
    maija = seat("Maija Mallikas", COUNTY, java_script_enabled=False)
    rows = "".join(f"{ROOT}.100;;{host}\n" for host in HOSTS)
    begin(maija, stack.base, rows)
    fill_in_common(maija, "konesali@example.fi")
    assert drafts() == len(HOSTS)

    begin(maija, stack.base, f"{ROOT}.200;;harjula.example.fi\n{ROOT}.203;;väärä nimi\n")
    maija.wait_for_selector("#faulty")
    assert maija.locator("#faulty tbody tr").count() == 1
    again = maija.locator("[name=rows]").input_value().replace("väärä nimi", "ayrala.example.fi")
    maija.locator("[name=rows]").fill(again)
    press(maija, "go")
    fill_in_common(maija, "lahella@example.fi")
    made = [
        requests.openssl(tmp_path, name).csr for name in ("harjula.example.fi", "ayrala.example.fi")
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, csr in enumerate(made):
            archive.writestr(f"pyynnot/{number}.csr", csr)
    file = {"name": "kaikki.zip", "mimeType": "application/zip", "buffer": packed.getvalue()}
    maija.locator("input[name=requests]").set_input_files(file)
    ordering.go_on(maija)
    maija.wait_for_selector("#given")
    maija.locator("main a.button[href$='/check/']").click()
    maija.wait_for_url(re.compile("/check/"))
    for box in maija.locator("main input[type=checkbox]").all():
        box.check()
    ordering.go_on(maija)
    maija.wait_for_selector("[role=status] .notice--success")

    together = BulkOrder.objects.exclude(sent_at=None).get()
    sent = Submission.objects.filter(application__bulk_order=together)
    assert sent.count() == 2
    assert drafts() == len(HOSTS)
    steps.await_true(lambda: told_of_both(stack), "no mail about both")
    order = together.orders.get(host_names__name="harjula.example.fi")
    case = ordering.take(riitta, stack.base, f"{stack.base}/fi/orders/{order.pk}/")
    ordering.approve(riitta, case)
    steps.await_true(
        lambda: together.orders.filter(status=Status.DELIVERED).count() == 1,
        "the certificate was not delivered",
        seconds=60,
    )


def drafts():
    own = Application.objects.filter(organisation__business_ids__code=COUNTY)
    return own.filter(status=Status.DRAFT).count()


def told_of_both(stack):
    mails = steps.mails_to("maija@example.fi", stack.mails)
    return any("2 tilausta" in str(one["Subject"]) for one in mails)
