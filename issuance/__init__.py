"""The certificate authority: signs on its own evidence and never sees an application."""
