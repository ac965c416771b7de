from chassis.migrations import run_env
from leads.tables import metadata

run_env(metadata)
