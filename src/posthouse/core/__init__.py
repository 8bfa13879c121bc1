"""The rules of Posthouse: no I/O, standard library and msgspec only."""
