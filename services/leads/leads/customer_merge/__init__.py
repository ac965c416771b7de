"""Two records of one customer: suggested, merged and parted again by a person (LD1.4)."""
