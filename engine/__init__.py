"""Sound: takes a recording apart and plays it again. Knows no device, no screen, no driver.

The rooms, in the order in which a song walks through them:

- `model`     what things are: audio, grid, separation, remix set, params, command, errors
- `dsp`       pure functions on arrays: levels, spectra, filters, stretch, loudness
- `analysis`  listening: grid, key, loops, stems
- `store`     the remix set on disk: decode, encode, manifest, map
- `mix`       the playing room: queue, deck, mixer, limiter
- `prepare`   song -> remix set: the only place where analysis meets store
- `bounce`    remix sets -> audio file: the only place where store meets mix
- `demosong`  a song synthesised from known parts, for the demo and the tests
- `train`     the workshop beside the house: makes networks' weights, and is imported by no other room

Imports go one way: prepare, bounce -> analysis | store | mix -> dsp -> model. Importing `engine` loads none of them.
"""
