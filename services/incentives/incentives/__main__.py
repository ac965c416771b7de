"""python -m incentives serve | consume | relay | jobs | migrate | all"""

from chassis.service import main
from incentives.bootstrap import build

if __name__ == "__main__":
    main(build)
