"""An OpenID provider for development and tests; it believes whoever presses a button.

Its addresses exist only where ``PORTAL_ENV`` is not production, and a system check refuses a
production that trusts it.
"""
