"""The form renderer, which uses our form and field templates."""

from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    """Renders ``{{ form }}`` and ``{{ field.as_field_group }}`` with ``templates/forms``."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
