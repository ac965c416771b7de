"""Every way a lead comes in: normalise, find the duplicate, take in."""
