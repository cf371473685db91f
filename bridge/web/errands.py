"""What is done on a thread whose result nobody asks for: how it failed is said all the same."""

import logging
from collections.abc import Callable

from engine.model.errors import RemixtureError

LOG = logging.getLogger(__name__)


def said_of(work: Callable[[], str | None]) -> str | None:
    """Do something; return what it has to say to people, or why it failed."""
    try:
        return work()
    except RemixtureError as error:
        return str(error)
    except Exception as error:
        # Nobody else would ever hear of it.
        LOG.exception("what the page wanted failed")
        return f"that failed, which is Remixture's fault: {error!r}"
