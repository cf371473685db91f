/** All elements of the page. */

import "./fader.js";
import "./knob.js";
import "./switch.js";
import "./choice.js";
import "./number.js";
import "./pick.js";
import "./meter.js";
import "./master.js";
import "./clock.js";
import "./tile.js";
import "./learn.js";
import "./openers.js";
import "./keys.js";
import "./help.js";
import "./say.js";
import "./map.js";
import "./listen.js";
import "./drop.js";

// What the wire says must be seen, whatever the page holds.
document.body.append(document.createElement("rx-say"));
document.documentElement.lang ||= "en";
