"""A working day of the seeded company, played through the real doors and checked figure by figure."""

from closeloop_cli.demo.play import play

__all__ = ["play"]
