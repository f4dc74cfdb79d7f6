"""Every setting of the project, read from the environment once, at start; a file for each theme.

The table in the README lists the variables; `aiops.env` refuses values that cannot be read.
"""

from aiops.settings.base import *
from aiops.settings.workers import *
from aiops.settings.api import *
from aiops.settings.people import *
from aiops.settings.door import *
from aiops.settings.analysis import *
from aiops.settings.vendors import *
from aiops.settings.remediation import *
from aiops.settings.desk import *
from aiops.settings.record import *
from aiops.settings.observing import *
from aiops.settings.console import *
