from chassis.migrations import run_env
from forecast.tables import metadata

run_env(metadata)
