"""Arthur: its wire contract, and the adapter that speaks it."""
