"""Learning rates up to which schemes train."""
