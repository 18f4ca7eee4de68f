"""`replay`: send quarantine entries again under the same ids, and remove those that were accepted."""
