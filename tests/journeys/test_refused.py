"""Requests that cannot be certified: told in words with a remedy, nothing kept, then a good one."""

from playwright.sync_api import expect

from applications.models import Csr
from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package


def test_a_private_key_is_kept_nowhere(stack, matti, database, tmp_path):
    request = requests.openssl(tmp_path, "erecept.example.fi")
    secret = request.key.read_bytes()
    order = ordering.begin(matti, stack.base, "server")
    matti.goto(f"{order}part/csr/")
    before = Csr.objects.count()

    ordering.upload(matti, request.csr + secret)

    expect(matti.locator("main h1")).to_contain_text("yksityisen avaimen")
    assert Csr.objects.count() == before
    line = secret.splitlines()[1]
    files = [one for one in stack.data.rglob("*") if one.is_file()]
    assert [one for one in files if line in one.read_bytes()] == []


def test_a_weak_key_is_refused_and_a_good_one_goes_through(
    stack, matti, riitta, database, tmp_path
):
    mailbox = "parempi@example.fi"
    order = ordering.begin(matti, stack.base, "server")
    names = ["erecept.example.fi"]
    ordering.fill_in(matti, order, "server", names=names, mailbox=mailbox)
    before = Csr.objects.count()

    ordering.upload(matti, requests.openssl(tmp_path, names[0], kind="1024").csr)

    expect(matti.locator("main")).to_contain_text("1024")
    expect(matti.locator("main")).to_contain_text("2048")
    assert Csr.objects.count() == before
    good = requests.openssl(tmp_path, names[0], kind="3072")
    matti.goto(f"{order}part/csr/")
    ordering.give_request(matti, good.csr)
    ordering.send(matti, order)
    ordering.approve(riitta, ordering.take(riitta, stack.base, order))
    Package.of(steps.await_mail(mailbox, stack.mails), tmp_path).check(good)
