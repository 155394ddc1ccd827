"""What people write and read: names, mail addresses, sentences with values, hidden characters."""
