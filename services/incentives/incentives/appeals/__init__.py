"""A beneficiary disputes a slip; managers, directors and headquarters decide (I3)."""
