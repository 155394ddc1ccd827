"""What has changed in the registers under certificates in force, and what reviewers make of it."""
