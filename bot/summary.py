"""What a pass came to: the counts of `once`, and the exit status that follows from them."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.claim import Claim
from bot.delivery import Outcome, Remedy, Result, State
from bot.retry import Decision

ACTOR = "nightdesk"  # who did it, in the history, where no person did

EXIT_DONE, EXIT_BUG, EXIT_CONFIGURATION, EXIT_SOME_FAILED, EXIT_NONE_PUBLISHED, EXIT_TRY_LATER = 0, 1, 3, 4, 5, 75


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of one delivery in a pass, or (`delivery` and `state` None) a stretch of `missed` slots.

    `detail`: what the platform said, as a sentence. `not_reached`: nothing was reached; `live` is the delivery's stamp.
    """

    account: str
    delivery: int | None
    state: State | None
    reason: str = ""
    url: str = ""
    missed: int = 0
    sign_in_refused: bool = False
    detail: str = ""
    live: bool = False
    not_reached: bool = False
    title: str = ""

    @classmethod
    def of(cls, claim: Claim, decision: Decision, result: Result) -> Step:
        """What came of a call."""
        return cls(
            account=claim.account.name,
            delivery=claim.delivery.id,
            state=decision.state,
            reason=decision.reason,
            url=result.post_url,
            sign_in_refused=result.remedy is Remedy.MEND_ACCOUNT,
            detail=result.error,
            live=claim.live,
            not_reached=result.outcome is Outcome.NOT_SENT,
            title=claim.work.article.title,
        )


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an account could not be served at all, and the exit status that this asks for. `new`: not known before."""

    account: str
    message: str
    exit_status: int
    new: bool = True


TROUBLE = "trouble of "


def trouble_key(account: str) -> str:
    """Where an account's present trouble is kept in the store's `meta`, for `status` to read."""
    return f"{TROUBLE}{account}"


@dataclass(slots=True)
class Summary:
    """Deliveries that were due, by what became of them; `missed` counts slots and is not part of `due`.

    `troubles` are the accounts that could not be served at all; the others were. `sandbox_not_reached`: a rehearsed
    post was queued again because nothing answered.
    """

    counts: dict[State, int] = field(default_factory=dict)
    missed: int = 0
    sign_in_refused: bool = False
    sandbox_not_reached: bool = False
    troubles: list[Trouble] = field(default_factory=list)
    most_ahead: int = 0  # intents that were committed beyond the sender threads, at the most

    def add(self, step: Step) -> None:
        self.missed += step.missed
        self.sign_in_refused |= step.sign_in_refused
        self.sandbox_not_reached |= step.not_reached and not step.live and step.state is State.QUEUED
        if step.state is not None:
            self.counts[step.state] = self.counts.get(step.state, 0) + 1

    def as_json(self) -> dict[str, int]:
        """The contract's object: `due` is the sum of the rest but `missed`."""
        names = {
            "published": State.PUBLISHED,
            "failed": State.FAILED,
            "unconfirmed": State.UNCONFIRMED,
            "requeued": State.QUEUED,
            "held": State.HELD,
            "skipped": State.SKIPPED,
        }
        counts = {name: self.counts.get(state, 0) for name, state in names.items()}
        return {"due": sum(counts.values()), **counts, "missed": self.missed}

    def exit_status(self) -> int:
        """The contract's exit status of a pass."""
        count = self.as_json()
        if self.troubles:
            return min(trouble.exit_status for trouble in self.troubles)
        if self.sign_in_refused:
            return EXIT_NONE_PUBLISHED
        if not count["due"]:
            return EXIT_DONE
        if count["requeued"] == count["due"]:
            return EXIT_TRY_LATER
        if not count["published"]:
            return EXIT_NONE_PUBLISHED
        return EXIT_SOME_FAILED if count["failed"] + count["unconfirmed"] + count["held"] else EXIT_DONE
