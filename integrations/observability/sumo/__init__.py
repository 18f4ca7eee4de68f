"""The metrics and log groups that Sumo Logic gets, and the objects that `sumo setup` makes there."""
