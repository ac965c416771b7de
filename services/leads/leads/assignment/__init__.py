"""Who gets a lead, and why (LD3, LD4)."""
