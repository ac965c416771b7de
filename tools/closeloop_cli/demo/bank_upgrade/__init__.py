"""The books that disagree by 1.27 million: the bank's interface is upgraded, and 37 receipts never arrive."""
