"""The approval of a mass replacement."""

from django import forms

from certportal.foundation.forms import Form


class PlanForm(Form):
    """Which bytes the page showed: the digest of the plan."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
