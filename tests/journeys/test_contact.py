"""An outside technical contact: from the mailed link to the certificate, without a login."""

import re
import subprocess
from urllib.parse import urljoin

import pytest
from playwright.sync_api import expect

from tests.foundation import reports
from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package

TIINA = "tiina@example.com"


@pytest.fixture
def elsewhere(stack, browser):
    """Return a page of a browser in which nobody has been."""
    contexts = []

    def sit(**more):
        contexts.append(browser.new_context(base_url=stack.base, accept_downloads=True, **more))
        return contexts[-1].new_page()

    yield sit
    for context in contexts:
        context.close()


def ordered(page, base: str, *, mailbox: str = "yhteys@example.fi") -> str:
    """Order a certificate whose request the technical contact brings; return its address."""
    order = ordering.begin(page, base, "server")
    names = ["erecept.example.fi"]
    ordering.fill_in(page, order, "server", names=names, mailbox=mailbox)
    page.goto(f"{order}part/delivery/")
    page.locator("input[name=deliver_to][value=technical_contact]").check()
    ordering.go_on(page)
    page.wait_for_url(re.compile("/part/technical/"))
    page.locator("[name=technical_name]").fill("Tiina Toimittaja")
    page.locator("[name=technical_email]").fill(TIINA)
    ordering.go_on(page)
    page.goto(f"{order}part/csr/")
    page.locator("input[name=how][value=technical_contact]").check()
    ordering.go_on(page)
    page.wait_for_url(lambda url: "/part/csr/" not in url)
    ordering.send(page, order)
    return order


def newest_link(stack, *, to: str = TIINA, later_than: int = 0) -> str:
    """Return the link in the newest mail to the contact."""
    return link_in(steps.await_mail(to, stack.mails, later_than=later_than))


def link_in(mail) -> str:
    """Return the contact's link in the mail."""
    found = re.search(r"http\S+/contact-link/\S+", mail.get_body(("plain",)).get_content())
    assert found is not None
    return found[0]


def scan(page, link: str) -> None:
    """Open the link and every link on its page, as mail servers do."""
    page.goto(link)
    here = [one.get_attribute("href") for one in page.locator("main a").all()]
    for address in [link, *(urljoin(link, one) for one in here if one)]:
        page.goto(address)


def test_the_contact_s_way_from_the_mail_to_the_certificate(
    stack, matti, riitta, elsewhere, tmp_path
):
    order = ordered(matti, stack.base)
    link = newest_link(stack)
    scan(elsewhere(), link)

    tiina = elsewhere()
    tiina.goto(link)
    ordering.go_on(tiina)
    tiina.wait_for_url(re.compile("/order/$"))
    tiina.locator("main a[href$='/csr/']").click()
    tiina.locator("summary").first.click()
    with tiina.expect_download() as download:
        tiina.locator("a[href$='/settings/openssl/']").click()
    config = tmp_path / "order.cnf"
    download.value.save_as(config)
    key = tmp_path / "order.key"
    make = ["openssl", "req", "-new", "-newkey", "rsa:3072", "-noenc", "-keyout", str(key)]
    made = subprocess.run([*make, "-config", str(config)], capture_output=True, check=True)
    ordering.upload(tiina, made.stdout)
    tiina.wait_for_url(re.compile(r"/csr/[0-9a-f-]{36}/"))
    ordering.go_on(tiina)
    tiina.wait_for_url(re.compile("/order/$"))

    case = ordering.take(riitta, stack.base, order)
    assert tiina.goto(f"{link}csr/").status == 409  # a reviewer has the case
    ordering.approve(riitta, case)
    steps.await_mail("yhteys@example.fi", stack.mails, seconds=60)
    steps.await_true(lambda: has_files(tiina, link), "the certificate never came to the page")
    with tiina.expect_download() as download:
        tiina.locator("a[href$='/files/pem/']").click()
    certificate = tmp_path / "certificate.pem"
    download.value.save_as(certificate)
    public = requests.run("openssl", "x509", "-in", certificate, "-noout", "-pubkey")
    assert public == requests.run("openssl", "pkey", "-in", key, "-pubout")


def ordered_without_names(page, base: str) -> str:
    """Order a certificate whose host names, too, the technical contact brings."""
    order = ordering.begin(page, base, "server")
    ordering.choose_unit(page, order)
    page.wait_for_url(re.compile("/part/purpose/"))
    page.locator("input[name=purpose][value=both]").check()
    ordering.go_on(page)
    page.wait_for_url(re.compile("/part/host_names/"))
    page.locator("[name=left]").check()
    ordering.go_on(page)
    page.wait_for_url(re.compile("/part/validity/"))
    ordering.go_on(page)
    page.wait_for_url(re.compile("/part/delivery/"))
    page.locator("[name=mailbox]").fill("nimet@example.fi")
    page.locator("input[name=deliver_to][value=technical_contact]").check()
    ordering.go_on(page)
    page.wait_for_url(re.compile("/part/technical/"))
    page.locator("[name=technical_name]").fill("Tiina Toimittaja")
    page.locator("[name=technical_email]").fill(TIINA)
    ordering.go_on(page)
    page.wait_for_url(re.compile("/check/"))
    ordering.send(page, order)
    return order


def propose(page, names: str) -> None:
    """Send these lines as host names with the request that the page previews."""
    page.locator("[name=host_names]").fill(names)
    ordering.go_on(page)
    page.wait_for_url(re.compile("/order/$"))


def test_host_names_are_proposed_sent_back_proposed_again_and_confirmed(
    stack, matti, riitta, elsewhere, tmp_path
):
    """The contact's browser runs no scripts."""
    earlier = len(steps.mails_to(TIINA, stack.mails))
    order = ordered_without_names(matti, stack.base)
    link = newest_link(stack, later_than=earlier)
    tiina = elsewhere(java_script_enabled=False)
    tiina.goto(link)
    ordering.go_on(tiina)
    tiina.wait_for_url(re.compile("/order/$"))
    tiina.locator("main a[href$='/csr/']").click()
    ordering.upload(tiina, requests.openssl(tmp_path, "erecept.example.fi").csr)
    tiina.wait_for_url(re.compile(r"/csr/[0-9a-f-]{36}/"))
    assert tiina.locator("[name=host_names]").input_value() == "erecept.example.fi"
    propose(tiina, "https://erecept.example.fi/, vanha.example.fi")

    steps.await_mail("matti@example.fi", stack.mails, later_than=0)
    matti.goto(f"{stack.base}/fi/home/")
    matti.locator("main a", has_text="Vahvista palvelinnimet").first.click()
    matti.locator("main a[href$='/return-names/']").click()
    matti.locator("[name=text]").fill("Ota vanha.example.fi pois.")
    ordering.go_on(matti)
    matti.wait_for_url(order)

    assert newest_link(stack, later_than=earlier + 1) == link
    tiina.goto(f"{link}order/")
    assert tiina.get_by_text("Ota vanha.example.fi pois.").count() == 1
    tiina.locator("main .actions a.button").click()
    propose(tiina, "erecept.example.fi")
    matti.goto(order)
    matti.locator("main a.button[href$='/check/']").click()
    ordering.send(matti, order)
    ordering.approve(riitta, ordering.take(riitta, stack.base, order))
    steps.await_mail("nimet@example.fi", stack.mails, seconds=60)


def has_files(page, link: str) -> bool:
    page.goto(f"{link}order/")
    return page.locator("a[href$='/files/pem/']").count() > 0


def test_another_browser_gets_a_fresh_link_by_mail_and_a_refused_one_ends(stack, matti, elsewhere):
    earlier = len(steps.mails_to(TIINA, stack.mails))
    order = ordered(matti, stack.base)
    link = newest_link(stack, later_than=earlier)
    first, second = elsewhere(), elsewhere()
    first.goto(link)
    ordering.go_on(first)
    first.wait_for_url(re.compile("/order/$"))
    second.goto(link)
    ordering.go_on(second)
    assert "/order/" not in second.url
    # The mail with an earlier order's certificate may come meanwhile.
    steps.await_true(lambda: newest_link(stack, later_than=earlier) != link, "no fresh link came")
    fresh = newest_link(stack, later_than=earlier)
    second.goto(fresh)
    ordering.go_on(second)
    second.wait_for_url(re.compile("/order/$"))
    assert first.goto(f"{link}order/").status == 410

    told = len(steps.mails_to("matti@example.fi", stack.mails))
    second.goto(f"{fresh}not-mine/")
    ordering.go_on(second)
    steps.await_mail("matti@example.fi", stack.mails, later_than=told)
    assert second.goto(f"{fresh}order/").status == 410
    matti.goto(order)
    matti.locator("form[action$='/contact/resend/'] button").click()
    assert newest_link(stack, later_than=earlier + 2) not in {link, fresh}


def come_back(stack, mail) -> None:
    """Let our mail server hand over a report that the mail was not delivered."""
    item = mail["Message-ID"].strip("<>").partition("@")[0]
    said = stack.manage("take_bounce", typed=reports.standard("postfix", item).decode())
    assert said.strip() == "set_aside"


def test_mails_that_came_back_are_seen_and_go_to_the_right_addresses(
    stack, matti, riitta, elsewhere, tmp_path
):
    old, right = "vanha.laatikko@example.fi", "oikea.laatikko@example.fi"
    new = "tiina.oikea@example.com"
    lost = matti.locator("main .notice--warning li")
    earlier = len(steps.mails_to(TIINA, stack.mails))
    order = ordered(matti, stack.base, mailbox=old)
    come_back(stack, steps.await_mail(TIINA, stack.mails, later_than=earlier))

    matti.goto(order)
    expect(lost).to_have_text([TIINA])
    number = re.search(r"SV-\d{4}-\d+", matti.locator("main").inner_text())[0]
    steps.await_true(lambda: is_told(stack, number), "the sender was never told")
    riitta.goto(f"{stack.base}/fi/console/undelivered/")
    expect(riitta.locator("main tr", has_text=number)).to_contain_text(TIINA)
    matti.goto(f"{order}contact/")
    matti.locator("[name=technical_email]").fill(new)
    ordering.go_on(matti)
    matti.wait_for_url(order)
    expect(lost).to_have_count(0)

    tiina = elsewhere()
    tiina.goto(newest_link(stack, to=new))
    ordering.go_on(tiina)
    tiina.locator("main a[href$='/csr/']").click()
    request = requests.openssl(tmp_path, "erecept.example.fi")
    ordering.upload(tiina, request.csr)
    tiina.wait_for_url(re.compile(r"/csr/[0-9a-f-]{36}/"))
    ordering.go_on(tiina)
    tiina.wait_for_url(re.compile("/order/$"))
    case = ordering.take(riitta, stack.base, order)
    ordering.approve(riitta, case)
    come_back(stack, steps.await_mail(old, stack.mails, seconds=60))

    matti.goto(order)
    expect(lost).to_have_text([old])
    riitta.goto(case)
    riitta.locator("main .notice--warning li", has_text=old).get_by_role("link").click()
    riitta.locator("input[name=act][value=correct]").check()
    riitta.locator("[name=address]").fill(right)
    ordering.go_on(riitta)
    riitta.wait_for_url(re.compile("/undelivered/$"))
    Package.of(steps.await_mail(right, stack.mails), tmp_path).check(request)
    matti.goto(order)
    expect(lost).to_have_count(0)


def is_told(stack, number: str) -> bool:
    """Whether Matti has been told that a mail about the order did not arrive."""
    subjects = [str(one["Subject"]) for one in steps.mails_to("matti@example.fi", stack.mails)]
    return any("Viestimme ei mennyt perille" in one and number in one for one in subjects)
