"""What an owner or manager does with a lead: accept, convert, disqualify, reopen (LD1.7)."""
