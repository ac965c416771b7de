"""Keys for programs of partners: made, shown once, checked at the door, revoked (P1.3)."""
