"""Numbers in, report out: statistics whose every figure has an interval and an n."""
