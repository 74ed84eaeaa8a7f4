"""The weighted length by the package herald-post."""

from herald.channels.x import weighted_length
from passes import serve

serve(weighted_length)
