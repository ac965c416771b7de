"""`python -m leads serve | consume | relay | jobs | migrate | all`"""

from chassis.service import main
from leads.bootstrap import build

if __name__ == "__main__":
    main(build)
