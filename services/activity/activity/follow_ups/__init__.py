"""Structured follow-ups, written by people or derived from conversations."""
