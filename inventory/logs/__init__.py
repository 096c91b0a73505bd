"""Sign-in logs: records added up, the time they cover, and the questions asked of those who keep them. No source is here."""
