"""Slips to confirm (激励待确认单)."""
