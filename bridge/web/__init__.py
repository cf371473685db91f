"""The page: see the song, play the song. Served on loopback by the player's process; what plays is in another.

- `room`       what the page is about: the player, its songs, bounces, controllers, and what was said
- `addresses`  what the server is called, by those who may call it so
- `gate`       who may come in: token, password, Host and Origin
- `server`     all of it behind one address
- `stage`      NiceGUI, and the loop in which it and all servers of the process run
- `talk`       a WebSocket whose two directions do not wait for each other
- `wire`       the WebSocket of the page: values, meters and orders
- `client`     one page that is connected, and what is on its way there
- `state`      what is so, as the wire tells it: parameters, decks, meters
- `orders`     what a page wants -> what the room does
- `errands`    what fails on a thread of its own is said all the same
- `loads`      a song, or one loop of it, onto a deck
- `listen`     the master, streamed to who listens in the browser
- `songs`      files in
- `arrivals`   songs that came, onto empty decks
- `maps`       what a song on a deck looks like: layouts and waveforms
- `downloads`  files out
- `exports`    the way into a DAW
- `page`       what is where, in NiceGUI: `bar`, `shelf` (songs), `decks`; in the drawer `scenes`, `takes`, `midi`, `messages`
- `elements`   our own elements as Python calls them
- `static`     the elements that people touch: faders, tiles, the map; they speak through the wire alone
"""
