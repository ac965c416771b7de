"""Leads from sign-ups at points of sale (LD1.1)."""
