"""The outside world: one package per vendor, one HTTP layer, one error class, and the deliveries to it."""
