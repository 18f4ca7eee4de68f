"""What Sumo Logic gets: metrics, log groups, and the objects that `sumo setup` makes there."""
