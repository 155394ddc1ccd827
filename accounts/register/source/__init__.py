"""Sources of register rows: the code server, files, the list of Kanta intermediaries."""
