"""What a step asks for, and the items that answer: survey, demo, quotes, acceptance."""
