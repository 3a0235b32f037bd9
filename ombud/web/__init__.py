"""What `ombud serve` answers: the door for hooks, health, figures, and the page that says what closing needs."""
