"""Neighbours that are asked."""
