"""Chats as they came in, and the archives cut from them."""
