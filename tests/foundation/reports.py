"""Reports about mails that did not arrive, in the forms that mail servers give them."""

from textwrap import dedent

HEAD = """\
Received: from matti.example.fi by mail.example.fi; Thu, 26 Nov 2026 10:00:00 +0200
From: Sote-varmenteet <varmenteet@portal.example>
To: matti@example.fi
Subject: =?utf-8?q?P=C3=A4=C3=A4t=C3=B6s?=
Message-ID: <{item}@portal.example>
"""


def _made(text: str, **given: object) -> bytes:
    head = HEAD.format(**given)
    return dedent(text).format(head=head, **given).replace("\n", "\r\n").encode()


POSTFIX = """\
Return-Path: <>
Date: Thu, 26 Nov 2026 10:00:04 +0200 (EET)
From: MAILER-DAEMON@mail.example.fi (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: varmenteet@portal.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4XYZ.1/mail.example.fi"
Message-Id: <20261126080004.4XYZ@mail.example.fi>

This is a MIME-encapsulated message.

--4XYZ.1/mail.example.fi
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

<matti@example.fi>: host mx.example.fi[192.0.2.7] said: {status} answer
    (in reply to RCPT TO command)

--4XYZ.1/mail.example.fi
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.fi
X-Postfix-Queue-ID: 4XYZ
X-Postfix-Sender: rfc822; varmenteet@portal.example
Arrival-Date: Thu, 26 Nov 2026 10:00:03 +0200 (EET)

Final-Recipient: rfc822; matti@example.fi
Original-Recipient: rfc822;matti@example.fi
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.fi
Diagnostic-Code: smtp; {status} answer

--4XYZ.1/mail.example.fi
Content-Description: Undelivered Message
Content-Type: message/rfc822

{head}
Text.

--4XYZ.1/mail.example.fi--
"""

EXIM = """\
Return-path: <>
Envelope-to: varmenteet@portal.example
X-Failed-Recipients: matti@example.fi
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@relay.example.fi>
To: varmenteet@portal.example
References: <{item}@portal.example>
Content-Type: multipart/report; report-type=delivery-status; boundary=1764144000-eximdsn-1
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1vOa-0001-Ab@relay.example.fi>

--1764144000-eximdsn-1
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

--1764144000-eximdsn-1
Content-type: message/delivery-status

Reporting-MTA: dns; relay.example.fi

Action: {action}
Final-Recipient: rfc822;matti@example.fi
Status: {status}

--1764144000-eximdsn-1
Content-type: text/rfc822-headers

{head}
--1764144000-eximdsn-1--
"""

EXCHANGE = """\
From: Microsoft Outlook <MicrosoftExchange0123@clinic.example.fi>
To: varmenteet@portal.example
MIME-Version: 1.0
X-MS-Exchange-Message-Is-Ndr:
Content-Language: fi-FI
Message-ID: <7f0e@clinic.example.fi>
In-Reply-To: <{item}@portal.example>
References: <{item}@portal.example>
Subject: =?utf-8?Q?Ei_toimitettavissa:_P=C3=A4=C3=A4t=C3=B6s?=
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status;
 boundary="a1b2_clinic_"

--a1b2_clinic_
Content-Type: multipart/alternative; boundary="c3d4_clinic_"

--c3d4_clinic_
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64

PHA+RWkgdG9pbWl0ZXR0dTwvcD4=

--c3d4_clinic_--

--a1b2_clinic_
Content-Type: message/delivery-status

Reporting-MTA: dns;mbx1.clinic.example.fi

Final-recipient: RFC822;matti@example.fi
Action: {action}
Status: {status}
Diagnostic-Code: smtp;550 5.1.1 RESOLVER.ADR.RecipNotFound; not found
X-Display-Name: matti@example.fi

--a1b2_clinic_
Content-Type: message/rfc822

{head}
--a1b2_clinic_--
"""

INTERNATIONAL = """\
Return-Path: <>
From: MAILER-DAEMON@mail.example.fi
MIME-Version: 1.0
Content-Type: multipart/report; report-type=global-delivery-status; boundary="g"

--g
Content-Type: message/global-delivery-status
Content-Transfer-Encoding: 8bit

Reporting-MTA: dns; mail.example.fi

Final-Recipient: utf-8; mätti@example.fi
Action: {action}
Status: {status}

--g
Content-Type: message/global-headers
Content-Transfer-Encoding: 8bit

{head}
--g--
"""

STANDARD = {
    "postfix": POSTFIX,
    "exim": EXIM,
    "exchange": EXCHANGE,
    "international": INTERNATIONAL,
}


def standard(server: str, item: object, action: str = "failed", status: str = "5.1.1") -> bytes:
    """Return the server's report about the item's mail by RFC 3464, or by RFC 6533."""
    return _made(STANDARD[server], item=item, action=action, status=status)


OLD_EXIM = """\
Return-path: <>
X-Failed-Recipients: matti@example.fi
From: Mail Delivery System <Mailer-Daemon@relay.example.fi>
Subject: Mail delivery failed: returning message to sender

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  matti@example.fi
    Unrouteable address

------ This is a copy of the message's headers. ------

{head}
"""

QMAIL = """\
Return-Path: <>
From: MAILER-DAEMON@old.example.fi
Subject: failure notice

Hi. This is the qmail-send program at old.example.fi.
I'm afraid I wasn't able to deliver your message to the following addresses.

<matti@example.fi>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

{head}
Text.
"""


OTHER = {
    "exim": OLD_EXIM,
    "exim that says it is automatic": "Auto-Submitted: auto-replied\n" + OLD_EXIM,
    "qmail": QMAIL,
    "qmail, without its return path": QMAIL.partition("\n")[2],
    "another name": QMAIL.replace("MAILER-DAEMON@", "postmaster@"),
    "another name, by Postfix's pipe": QMAIL.replace("<>", "<MAILER-DAEMON>").replace(
        "MAILER-DAEMON@", "postmaster@"
    ),
}


def other(form: str, item: object) -> bytes:
    """Return a report in a form of a server's own."""
    return _made(OTHER[form], item=item)


ANSWER = """\
From: Matti <matti@example.fi>
To: varmenteet@portal.example
In-Reply-To: <{item}@portal.example>
Subject: Vs: varmenne

Hi. This is the text of a person, who quotes what came to him:

<maija@example.fi>:
Sorry, no mailbox here by that name.
"""

FORWARD = """\
Return-Path: <matti@example.fi>
From: Matti <matti@example.fi>
To: palautukset@portal.example
Subject: Fwd: failure notice

Is this yours?

Hi. This is the qmail-send program at old.example.fi.

<maija@example.fi>:
Sorry, no mailbox here by that name.

--- Below this line is a copy of the message.

{head}
"""

ENCLOSING = """\
Return-Path: <>
From: Matti <matti@example.fi>
To: palautukset@portal.example
Auto-Submitted: auto-replied (vacation)
Subject: Poissa

Hi. This is the qmail-send program's friend: I am away.

<maija@example.fi>:
Sorry, no mailbox here by that name.

--- Below this line is a copy of the message.

{head}
"""

READ = """\
From: Matti <matti@example.fi>
Content-Type: multipart/report; report-type=disposition-notification; boundary="m"

--m
Content-Type: text/plain

Hi. This is the qmail-send program.

<matti@example.fi>:
read.

--m
Content-Type: message/disposition-notification

Original-Message-ID: <{item}@portal.example>
Disposition: manual-action/MDN-sent-manually; displayed

--m--
"""


NO_REPORT = {"answer": ANSWER, "forward": FORWARD, "enclosing": ENCLOSING, "read": READ}


def no_report(form: str, item: object) -> bytes:
    """Return another message that names the mail: of a person, or of a person's mail program."""
    return _made(NO_REPORT[form], item=item)
