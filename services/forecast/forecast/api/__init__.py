"""The doors: decode, call, encode. One module per service of the contract."""
