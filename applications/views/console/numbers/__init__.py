"""The numbers of the desk: figures by month, by type and by person, as a page and a file."""
