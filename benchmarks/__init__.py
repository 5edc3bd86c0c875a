"""How fast a whole, durable answer is; see README.md here."""
