"""Measurements. Each prints a ratio against its limit, both taken in one run."""
