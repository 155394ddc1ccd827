"""With Redis stopped orders are taken; the work is done once it is back."""

import json
import urllib.error
import urllib.request

from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package


def health(stack):
    """Return what /healthz answers: the status and its words."""
    try:
        with urllib.request.urlopen(f"{stack.base}/healthz", timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def test_sent_while_redis_is_down_and_delivered_after(stack, matti, riitta, tmp_path):
    request = requests.openssl(tmp_path, "erecept.example.fi")
    mailbox = "katkos@example.fi"
    order = ordering.order_server(matti, stack.base, request.csr, mailbox=mailbox)
    receipts = len(steps.mails_to("matti@example.fi", stack.mails))
    stack.halt("broker")
    try:
        ordering.send(matti, order)
        status, said = health(stack)
        assert status == 503
        assert "redis" in json.dumps(said).lower()
        assert len(steps.mails_to("matti@example.fi", stack.mails)) == receipts
    finally:
        stack.start("broker")
    steps.await_mail("matti@example.fi", stack.mails, later_than=receipts, seconds=60)
    ordering.approve(riitta, ordering.take(riitta, stack.base, order))
    mail = steps.await_mail(mailbox, stack.mails, seconds=60)
    Package.of(mail, tmp_path).check(request)
