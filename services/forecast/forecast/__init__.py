"""Forecast: opportunities, proof, credibility, calibration."""
