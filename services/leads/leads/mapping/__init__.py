"""Between the contracts and what the use cases work with."""
