"""The certificate authority (CA).

It decides by its own records, such as approvals and prepared certificates, and never reads an
application.
"""
