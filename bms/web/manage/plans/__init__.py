"""Seating plans at the desk: made from a file or by the generator, drawn, published, and compared."""
