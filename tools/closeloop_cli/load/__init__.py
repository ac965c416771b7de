"""Loads a company into an empty system: feeds and history imports through the gateway, never by SQL."""
