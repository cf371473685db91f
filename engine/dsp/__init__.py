"""Pure functions on arrays, and the few machines with a memory that the audio path runs.

- `levels`      dB, dBFS, SI-SDR, the level at which networks hear
- `fades`       glides from one level to the next
- `loudness`    LUFS
- `truepeak`    dBTP
- `spectra`     short-time Fourier transform, whole or streamed
- `masks`       what soft masks on spectra are made of
- `hpss`        what lasts and what strikes
- `factorise`   non-negative matrix factorisation, combs of partials
- `lowrank`     robust principal components
- `repetition`  what repeats in a spectrogram, however irregularly
- `isolator`, `sweep`, `crossfade`  three-band kill equaliser, one-knob filter, crossfader
- `delay`       whole frames, to wait for what is late
- `meter`       peak, RMS and momentary loudness as sound passes
- `resample`    between sample rates, frame-exact
- `stretch`     tempo and pitch as a stream
- `straighten`  a drifting recording onto a steady tempo
- `sdr`         how like an estimate is to the truth: SDR, SD-SDR, loudness difference
- `bsseval`     what of its error is distortion, interference or artefact
- `judge`       all of these at once, for sources of a song
"""
