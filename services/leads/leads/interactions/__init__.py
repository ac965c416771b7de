"""Every contact with a customer, whatever the channel (LD9.1)."""
