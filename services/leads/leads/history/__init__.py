"""Leads that were won or lost: what conversion is computed from."""
