"""Tools for development, never served in production: the mail viewer and sample mails."""
