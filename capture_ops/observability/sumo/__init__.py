"""`sumo setup`: makes the objects of `[observability.sumo]` in Sumo Logic, and removes them."""
