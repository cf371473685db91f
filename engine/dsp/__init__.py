"""Pure functions on arrays, and the few machines with a memory that the audio path runs.

- `levels`      dB, dBFS, SI-SDR
- `fades`       glides from one level to the next
- `loudness`    LUFS
- `truepeak`    dBTP
- `spectra`     short-time Fourier transform, whole or streamed
- `hpss`        what lasts and what strikes
- `isolator`, `sweep`, `crossfade`  three-band kill equaliser, one-knob filter, crossfader
- `delay`       whole frames, to wait for what is late
- `meter`       peak, RMS and momentary loudness as sound passes
- `resample`    between sample rates, frame-exact
- `stretch`     tempo and pitch as a stream
- `straighten`  a drifting recording onto a steady tempo
"""
