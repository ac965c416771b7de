"""python -m targets serve | consume | relay | jobs | migrate | all"""

from chassis.service import main
from targets.bootstrap import build

if __name__ == "__main__":
    main(build)
