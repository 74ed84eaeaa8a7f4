"""Signing in to the rehearsal Facebook: tokens, the proof of the app's secret, and token exchange.

Sources: Facebook Login access-token guides and Graph API, securing requests (read August to November 2026). In the
sandbox the app of an account has the account's key as its id and as its secret.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox import graph_errors as errors
from bot.sandbox.graph_errors import GraphRefusal
from bot.sandbox.graph_objects import APP_NAME, person_id
from bot.sandbox.keys import USER_TOKEN_LIFE, Key, read_key
from bot.sandbox.ledger import Ledger
from bot.sandbox.wire import Reply, Request, json_reply

SCOPES = ["pages_show_list", "pages_read_engagement", "pages_manage_posts", "public_profile"]
DATA_ACCESS = timedelta(days=90)


def token_of(request: Request, parameters: dict[str, str]) -> str:
    """The token as parameter, else as Authorization header; empty when there is none."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return parameters.get("access_token") or (bearer if scheme in ("Bearer", "OAuth") else "")


def sign_in(request: Request, parameters: dict[str, str], ledger: Ledger) -> Key:
    """Who speaks; raises GraphRefusal for a missing, unknown or revoked token and for a wrong proof."""
    token = token_of(request, parameters)
    if not token:
        message = "An active access token must be used to query information about the current user."
        raise GraphRefusal(errors.graph_error(2500, message))
    key = read_key(token)
    if key is None:
        raise GraphRefusal(errors.bad_token())
    if ledger.is_revoked("facebook", key.account):
        raise GraphRefusal(errors.revoked_token())
    proof = parameters.get("appsecret_proof")
    if proof is not None and not hmac.compare_digest(proof.encode(), _proof(key, token).encode()):
        message = "Invalid appsecret_proof provided in the API argument"
        raise GraphRefusal(errors.graph_error(100, message, kind="GraphMethodException"))
    return key


def exchange(parameters: dict[str, str]) -> Reply:
    """GET /oauth/access_token: an app's token, or a long-lived user token for a short one."""
    app, secret = parameters.get("client_id", ""), parameters.get("client_secret", "")
    if not app or app != secret:
        return errors.graph_error(1, "Error validating client secret.")
    match parameters.get("grant_type"):
        case "client_credentials":
            return json_reply(200, {"access_token": f"{app}|{secret}", "token_type": "bearer"})
        case "fb_exchange_token":
            key = read_key(parameters.get("fb_exchange_token", ""))
            if key is None:
                return errors.bad_token()
            life = int(USER_TOKEN_LIFE.total_seconds())
            return json_reply(200, {"access_token": str(key), "token_type": "bearer", "expires_in": life})
    return errors.invalid("Invalid grant_type")


def debug(parameters: dict[str, str], ledger: Ledger, now: datetime) -> Reply:
    """GET /debug_token: what is known of `input_token`, told to an app's token or to any token of the sandbox."""
    if not _may_inspect(parameters.get("access_token", "")):
        return errors.bad_token()
    key = read_key(parameters.get("input_token", ""))
    if key is None:
        error = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}
        return json_reply(200, {"data": {"error": error, "is_valid": False, "scopes": []}})
    data = _facts(key, int(now.timestamp()))
    if ledger.is_revoked("facebook", key.account):
        data["is_valid"] = False
        data["error"] = {"code": 190, "message": "The session has been invalidated.", "subcode": 460}
    return json_reply(200, {"data": data})


def _facts(key: Key, now: int) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "app_id": str(key.page()),
        "type": "USER" if key.person else "PAGE",
        "application": APP_NAME,
        "data_access_expires_at": now + int(DATA_ACCESS.total_seconds()),
        "expires_at": now + int(USER_TOKEN_LIFE.total_seconds()) if key.person else 0,  # 0: never
        "is_valid": True,
        "issued_at": now,
        "scopes": SCOPES,
        "granular_scopes": [{"scope": scope, "target_ids": [key.identity]} for scope in SCOPES[:3]],
        "user_id": person_id(key),
    }
    return facts if key.person else {**facts, "profile_id": key.identity}


def _proof(key: Key, token: str) -> str:
    """HMAC-SHA256 of the token with the app's secret."""
    return hmac.new(str(key.page()).encode(), token.encode(), hashlib.sha256).hexdigest()


def _may_inspect(token: str) -> bool:
    app, _, secret = token.partition("|")
    return read_key(token) is not None or (bool(app) and app == secret)
