"""Questions about a mentorship's state. Every rule of the brief that is not a transition is here, once."""
