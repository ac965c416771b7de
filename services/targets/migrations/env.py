from chassis.migrations import run_env
from targets.tables import metadata

run_env(metadata)
