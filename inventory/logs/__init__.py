"""Sign-in logs: records added up, the time they cover, the questions asked of those who keep them."""
