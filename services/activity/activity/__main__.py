"""python -m activity serve | consume | relay | jobs | migrate | all"""

from activity.bootstrap import build
from chassis.service import main

if __name__ == "__main__":
    main(build)
