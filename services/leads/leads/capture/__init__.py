"""One lead or many: normalise, find the duplicate, take in."""
