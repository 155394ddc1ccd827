"""URL configurations: pages for people, and endpoints without a language."""
