"""`backfill`: captures that were written before anybody listened, or that went past."""
