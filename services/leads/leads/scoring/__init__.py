"""How likely a lead is to be won, learned from own closed leads and explained field by field (LD11)."""
