"""A rep leaves or moves: customers and open leads go to others, both sides check off, and who was lost is counted."""
