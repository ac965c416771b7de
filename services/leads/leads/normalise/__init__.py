"""Names, numbers and positions in the one form in which they are stored and compared (LD1.2)."""
