"""Pure value types every rule may use: amounts, ids, the business calendar. No I/O, no clock of its own."""
