"""Every fen earned or taken back, in append-only entries."""
