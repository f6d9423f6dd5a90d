"""The figures of a host's processes as one, for Prometheus.

Each process writes its figures into a file of its own in the data directory (``book``). Any process adds up
the files (``shelf``), so one that hangs or has been killed still counts, and asking takes nobody else's time.
"""
