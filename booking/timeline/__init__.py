"""Pure arithmetic of time: what is open, when it recurs, what is free. The vow is in README.md."""
