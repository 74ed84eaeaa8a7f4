"""The weighted length by the package twitter-text-parser."""

import warnings

from passes import serve

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports pkg_resources, which is on its way out
    from twitter_text import parse_tweet


def length(text: str) -> int:
    return parse_tweet(text).weightedLength


serve(length)
