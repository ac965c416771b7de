"""The customer file (三维客户档案): its base layer, how complete it is, and the three layers on one screen (LD9.1)."""
