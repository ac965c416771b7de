"""What each customer bought, as the ERP tells it or as it was brought along (LD9.1, LD9.2)."""
