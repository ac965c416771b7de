"""Many leads from one file: read, tried first, taken in as a job, taken back as a whole."""
