"""python -m integration serve | consume | relay | jobs | migrate | all"""

from chassis.service import main
from integration.bootstrap import build

if __name__ == "__main__":
    main(build)
