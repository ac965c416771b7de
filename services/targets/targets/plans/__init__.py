"""The tree of targets per month, and every change of it."""
