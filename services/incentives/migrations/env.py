from chassis.migrations import run_env
from incentives.tables import metadata

run_env(metadata)
