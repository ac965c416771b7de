"""Tiers of `make test-extra`. A new one is a module here and a line in TIERS of `__main__.py`."""
