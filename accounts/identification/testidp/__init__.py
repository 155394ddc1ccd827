"""An OpenID provider for development and tests: the visitor chooses a test person, unverified.

Its URLs exist only if ``PORTAL_ENV`` is not production, and a system check fails in a production
environment configured to trust it.
"""
