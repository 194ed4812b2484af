"""One page about runs and what experiments found in them."""
