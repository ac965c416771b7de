"""What another policy would have done with the leads of the last months (LD3.11)."""
