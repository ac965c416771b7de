"""Whose a deal is while its customer changes hands."""
