"""Nightdesk's own weighted length, by the reference's tables."""

from passes import serve

from bot.text.xlength import weighted_length

serve(weighted_length)
