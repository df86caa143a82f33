"""Which questions an interview asks: chosen from the role's bank, made personal, followed up."""
