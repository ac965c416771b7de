"""Customers: the file every neighbour projects."""
