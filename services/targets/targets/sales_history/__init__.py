"""Sales of past months as loaded from the points of sale."""
