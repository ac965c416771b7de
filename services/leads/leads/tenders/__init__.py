"""Leads from tenders that public sites tell of (LD1.1)."""
