"""Draws the body of a dashboard as a page of HTML, from series of values."""
