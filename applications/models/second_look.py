"""Reservations of approved cases for a second person, so that no other is offered the case."""

from django.db import models

from accounts.models import Person
from applications.models.application import Application
from certportal.foundation.kept_tables import Ordinary


class SecondLook(models.Model):
    """The case is reserved until `until` for the person, to approve it as second person."""

    application = models.OneToOneField(Application, models.CASCADE, related_name="second_look")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    until = models.DateTimeField()

    keeping = Ordinary("it ends by itself after minutes; what is decided is an Approval")
