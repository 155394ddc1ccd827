"""Code shared by pages of applicants, technical contacts and reviewers."""
