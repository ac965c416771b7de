"""Backups of a real server, destroyed and restored (P5.4)."""
