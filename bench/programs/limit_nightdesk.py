"""Nightdesk's count that is held against the limit: by old and by newer tables."""

from passes import serve

from bot.text.xlength import limit_length

serve(limit_length)
