"""Approvals of chat systems that came to their end."""
