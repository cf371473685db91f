"""The world outside: the command line now, devices, MIDI, plug-ins, DAWs and the page to come.

- `cli`  the `remixture` command, one module for each of its words
"""
