"""How often a person's claims came true."""
