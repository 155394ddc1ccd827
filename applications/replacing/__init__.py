"""Replacing many certificates after an incident: same keys, new certificates, holders told."""
