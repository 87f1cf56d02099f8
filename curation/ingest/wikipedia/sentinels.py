"""Control characters that stand for something while a page is read; those of the page itself are taken out first."""

import re

PIPE = "\x01"  # a `|` that came out of a template or link: it separates nothing any more
HELD_OPEN, HELD_CLOSE = "\x02", "\x03"  # around the number of a piece that stays as it is written
GONE = "\x04"  # something that shows nothing was here: what stood around it may go, too
EQUALS = "\x05"  # a `=` that came out of a template or link: it names no argument any more
APOSTROPHE = "\x06"  # one that came out of a template: it marks neither italics nor bold
TABLE_OPEN, TABLE_CLOSE, ROW, CELL, CAPTION = "\x0e", "\x0f", "\x10", "\x11", "\x12"  # of tables written in HTML
ATTRIBUTES_END = "\x13"  # before the words of a template that brings the attributes of its cell

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
