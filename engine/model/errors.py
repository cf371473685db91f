"""What can go wrong through no fault of the program."""


class RemixtureError(Exception):
    """Something a person can mend: a file, a value, a missing tool.

    The text is one line that names the value, its unit and the likely cause. The command line prints it and exits with 2;
    every other exception is a fault of ours and exits with 1.
    """
