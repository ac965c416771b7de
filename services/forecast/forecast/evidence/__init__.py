"""Proof of deal: levels L1 to L5, each with its file."""
