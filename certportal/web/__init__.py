"""What all pages share: context, errors, form rendering, and request log."""
