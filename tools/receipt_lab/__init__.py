"""Labelled receipts for measuring the matcher (N4.3): who really paid what, and whether anybody could tell.

Shares no code with the matcher. `python -m tools.receipt_lab SEED` prints what a set is made of.
"""
