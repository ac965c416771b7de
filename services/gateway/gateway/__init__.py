"""Gateway: REST from the contracts, live stream, sign-in."""
