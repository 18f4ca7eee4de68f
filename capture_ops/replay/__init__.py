"""`replay`: what lies in quarantine sent again under the same ids, and taken out of it once it was accepted."""
