"""Calls of the telephone system, told on to activity."""
