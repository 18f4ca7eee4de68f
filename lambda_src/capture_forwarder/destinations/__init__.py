"""Monitoring APIs: one file of wire contract each, pure, and one file that speaks HTTP for all of them."""
