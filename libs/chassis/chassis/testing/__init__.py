"""Test helpers: a pytest plugin with real servers, started once per run and only when asked for."""
