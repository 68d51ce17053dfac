"""The core: what a mentorship is and what follows from what happened. Pure; knows nothing of Temporal."""
