"""`replay`: entries of quarantine are sent again under the same ids, and removed from it when they were accepted."""
