"""The doors: decode, call, encode."""
