"""Optional parts that connect the forwarder to other systems. None of them is deployed with the function."""
