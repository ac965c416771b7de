"""Customers and stores that stopped buying, and those that buy again (LD9.2)."""
