"""The forecast of a month per team and rep."""
