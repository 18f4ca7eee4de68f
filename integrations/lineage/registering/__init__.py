"""What `lineage register` records: routes, their captures, and the models that monitor them."""
