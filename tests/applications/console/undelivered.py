"""A mail server that refuses every mail for good."""

from certportal.foundation import mail


def refuse_mails(monkeypatch) -> None:
    def refuse(message, *, item_id):
        raise mail.Undeliverable("mail server")

    monkeypatch.setattr(mail, "send", refuse)
