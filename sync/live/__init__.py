"""What runs all the time: hints that wake, deadlines that fire, sweeps that heal."""
