"""What was said to and by customers, from chats, the session archive and mail: told on once."""
