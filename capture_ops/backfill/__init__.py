"""`backfill`: forwards captures that were written before the stack was deployed, or that it missed."""
