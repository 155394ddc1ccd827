"""What all pages share: context, errors, form rendering, request log and the settings admin."""
