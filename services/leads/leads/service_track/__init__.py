"""What was done for a customer before, with and after its orders (LD9.1)."""
