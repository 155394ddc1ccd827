"""The URL tables of orders, the technical pages, the contact link and the console."""
