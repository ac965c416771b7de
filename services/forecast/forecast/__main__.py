"""python -m forecast serve | consume | relay | jobs | migrate | all"""

from chassis.service import main
from forecast.bootstrap import build

if __name__ == "__main__":
    main(build)
