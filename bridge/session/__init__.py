"""A session: songs that play in a process of their own, and the handle to it that hands on the keyboard hold.

In both processes:

- `memory`     bytes that several processes see, gone with the last of them
- `ring`       records from one process to another, without waiting
- `timings`    how long blocks take, counted in shared memory
- `heard`      the last seconds of the master, in shared memory
- `boards`     all that is shared, by name
- `messages`   what else passes between the two processes: rare things

In the engine process:

- `process`    how it starts
- `rendering`  commands -> mixer -> sink, block after block
- `opening`    effects on their way in
- `outlet`     the sink, opened again when it is lost

In the player's:

- `link`       its end of one engine process
- `engines`    the engine that plays, and the next one if it dies
- `library`    sets -> samples in shared memory, decoded while they play already
- `effects`    chains of effects by name or file
- `known`      values, songs and effects, to tell another engine
- `restore`    in which order that is told
- `underway`   values that were sent and have not taken effect yet
- `take`       the take, as it is written
- `status`     what is so now
- `shown`      what a player shows of itself
- `player`     all of it behind one handle
- `lines`      what a person types -> what the player does
- `words`      the words of a line -> numbers, names and times
- `view`       what plays, in words and rows
- `songs`      what there is to say of a song
- `collection` all songs of the session, more than there are decks
- `bounces`    what was played -> files

In processes beside the music:

- `beside`     jobs, one after the other
- `telling`    what is told of them meanwhile
- `forecast`   how far they are, how long they take
- `workshop`   songs -> sets
"""
