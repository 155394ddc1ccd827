"""Mass replacement after an incident: new certificates for the same keys, and mails about it."""
