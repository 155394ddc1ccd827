"""The certificate authority (CA).

It decides by its own records, such as approvals and prepared certificates, never by an application.
"""
