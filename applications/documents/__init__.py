"""Files made of an order: PDF papers, certificate files, the calendar entry."""
