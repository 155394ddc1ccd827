"""How forms are drawn: our own field and form templates, in every app."""

from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    """Draws ``{{ form }}`` and ``{{ field.as_field_group }}`` with ``templates/forms``."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
