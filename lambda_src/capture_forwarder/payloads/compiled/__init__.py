"""The fast path: records of an endpoint look alike, so what reads them is built once, from the model's schema.

It takes a record only if every byte of it is as expected, and then makes the very bytes that the plain path makes.
Anything else (a quoted cell, an empty one, a value of another type, a layout not seen before) is `None`, and that
record goes the plain way. So this folder decides nothing about captures: without it all is the same, but slower.
"""
