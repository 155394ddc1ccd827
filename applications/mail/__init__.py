"""The mails of the registration authority."""

from applications.mail import orders, register, reviewers

MAILS = orders.MAILS | register.MAILS | reviewers.MAILS
