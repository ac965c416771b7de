"""A seeded company: the same people, contracts and sales on every machine, written as the files that its systems hold.

Nothing here is read by a service: it reaches them through the simulators' feeds and the history imports.
"""
