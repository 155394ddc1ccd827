"""Orders for many units or hosts: filling in, the page of the orders, sending."""
