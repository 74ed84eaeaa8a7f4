"""The schedule language, its slots, and the planner that picks what goes out: pure functions of `now`."""
