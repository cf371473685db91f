"""Pure functions on arrays.

- `levels`     dB, dBFS, SI-SDR
- `spectra`    short-time Fourier transform, whole or streamed
- `resample`   between sample rates, frame-exact
"""
