"""The outbox: work stored together with the change that causes it, and done by workers."""
