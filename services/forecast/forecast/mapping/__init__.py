"""Contract messages from and to what the features speak."""
