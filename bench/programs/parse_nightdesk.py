"""Everything that twitter-text says of a text, by Nightdesk."""

from passes import serve

from bot.text.xlength import parse

serve(parse)
