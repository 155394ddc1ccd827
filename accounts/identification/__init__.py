"""Strong identification: what a trusted provider says of a person, turned into an Identity."""
