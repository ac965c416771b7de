"""Leads that are probably the same: suggested, merged and parted again by a person (LD1.4)."""
