from chassis.migrations import run_env
from integration.tables import metadata

run_env(metadata)
