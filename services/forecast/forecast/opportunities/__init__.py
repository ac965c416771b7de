"""Opportunities and their steps."""
