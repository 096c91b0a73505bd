"""Pure rules that turn a snapshot into a plan."""
