"""Chains of effects, hosted by pedalboard.

From the file to the sound:

- `builtin`  pedalboard's own effects that are useful live, with their ranges
- `preset`   TOML files -> chains as data
- `folders`  where a system keeps its VST3 and AU plug-ins
- `effect`   one effect or plug-in behind one small protocol
- `echo`     the Delay, made so that its time can change while it rings
- `hosted`   a plug-in behind that protocol: its parameters, mono ones as a pair
- `opener`   the one thread in which plug-ins are opened
- `facts`    what was found out about a chain
- `trial`    finds it out, in a process that may hang or crash
- `helper`   what that process runs
- `glide`    values that move without a click
- `slot`     an effect in its place: dry and wet, on and off, late by as much as it says
- `chain`    slots in a row: what the mixer is given

pedalboard is imported when a chain is opened, not before.
"""
