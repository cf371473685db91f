"""A song at other levels without taking it apart first: the remixing network, for who has trained one (`engine.train.remix`).

- `shape`    how large it is and what its sources are called; without torch
- `net`      the network itself
- `weights`  whether they are what their card says
- `remixer`  a song through it, a piece at a time

No weights come with the program.
"""
