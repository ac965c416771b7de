"""A service as a process: what it is made of, and the roles it can play."""

from chassis.service.main import main
from chassis.service.runtime import Runtime
from chassis.service.service import Service
from chassis.service.supervisor import Loop

__all__ = ["Loop", "Runtime", "Service", "main"]
