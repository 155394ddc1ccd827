"""Applicants and reviewers who fill in forms over HTTP, whichever web process answers."""

import threading
import time
from collections import Counter
from typing import Any

import requests
from lxml import html

AWAY = {502, 503, 504}
LONGEST_WAIT = 300.0


class Visitor:
    """Somebody with a session. `answers` counts statuses, of all visitors together."""

    answers: Counter[int] = Counter()

    def __init__(self, base: str, session: str) -> None:
        self.base, self.session = base, session
        # A window each for those who work at once: cookies of one would disturb the others.
        self.windows = threading.local()

    @property
    def web(self) -> requests.Session:
        """This thread's window."""
        if not hasattr(self.windows, "web"):
            self.windows.web = requests.Session()
            self.windows.web.cookies.set("sessionid", self.session)
        window: requests.Session = self.windows.web
        return window

    def get(self, path: str) -> Any:
        """Return the page, read; wait while the service is away."""
        answer = self._ask("GET", path)
        assert answer.status_code == 200, (path, answer.status_code, _words(answer))
        return html.fromstring(answer.content)

    def send(self, path: str, form: Any, **values: str) -> None:
        """Send the form as it stands, each box ticked, with these values."""
        for box in form.xpath(".//input[@type='checkbox']"):
            box.checked = True
        given = {**dict(form.form_values()), **values}
        where = form.action or path
        answer = self._ask("POST", where, data=given, headers={"Referer": self.base + path})
        assert answer.status_code == 302, (where, answer.status_code, _words(answer))

    def _ask(self, method: str, path: str, **more: Any) -> requests.Response:
        until = time.monotonic() + LONGEST_WAIT
        while True:
            answer = self.web.request(
                method, self.base + path, timeout=70, allow_redirects=False, **more
            )
            self.answers[answer.status_code] += 1
            if answer.status_code not in AWAY or time.monotonic() > until:
                return answer
            time.sleep(0.2)


def submit(applicant: Visitor, order: str) -> None:
    """Tick the declarations and send the order."""
    path = f"/fi/orders/{order}/check/"
    applicant.send(path, _form(applicant.get(path), ""))


def claim(reviewer: Visitor, order: str) -> None:
    """Take the case as soon as it has come to review."""
    path = f"/fi/console/{order}/"
    _send_when_there(reviewer, path, "/claim/")


def prove(reviewer: Visitor, order: str) -> None:
    """Record evidence for each host name."""
    path = f"/fi/console/{order}/"
    while (form := _form(reviewer.get(path), "/evidence/", ".//details[@open]")) is not None:
        reviewer.send(path, form, evidence="registry")


def approve(reviewer: Visitor, order: str) -> None:
    """Approve the bytes as soon as they are prepared."""
    _send_when_there(reviewer, f"/fi/console/{order}/approve/", "/approve/")


def _send_when_there(visitor: Visitor, path: str, action: str) -> None:
    until = time.monotonic() + LONGEST_WAIT
    while (form := _form(visitor.get(path), action)) is None:
        assert time.monotonic() < until, f"{path} never offered {action}"
        time.sleep(0.2)
    visitor.send(path, form)


def _words(answer: requests.Response) -> str:
    """Return what the page says."""
    said = html.fromstring(answer.content).xpath("string(//main)") if answer.content else ""
    return " ".join(said.split())[:600]


def _form(page: Any, action: str, within: str = ".//main") -> Any:
    """Return the first form that posts to an address that ends so; None if there is none."""
    for form in page.xpath(f"{within}//form[@method='post']"):
        where = form.get("action") or ""
        if where.endswith(action) if action != "/evidence/" else action in where:
            return form
    return None
