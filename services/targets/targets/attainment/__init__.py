"""Collected against target, with the claimed receipts behind each figure."""
