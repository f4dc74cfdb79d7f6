"""Is the process alive, are its parts reachable, and what do the counters say."""
