"""Strong identification: turns a trusted provider's assertion about a person into an Identity."""
