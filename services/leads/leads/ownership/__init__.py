"""Who has a lead: the rows that say so, and what each rep carries because of them."""
