"""The bench itself: a peer that cannot be had is skipped and named, a missed target is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import peers
from bench.material import headlines, posts
from bench.report import growth_line, row_line, sections
from bench.rows import NPM, PARSER, Growth, Row, Work, measured, works
from bot.platforms.registry import rules_for
from bot.text.xlength import extract_urls


def row(*, ours: float = 8, theirs: float = 800, skipped: str = "") -> Row:
    return Row(work="counting", ours=ours, peer="rival", theirs=theirs, target=25, skipped=skipped)


def test_a_target_is_met_or_missed() -> None:
    assert row().met
    assert not row(ours=80).met
    assert row_line(row(ours=80)).startswith("MISSED")
    assert not Growth(family="dots", work="count", short=0.01, long=0.13).met
    assert growth_line(Growth(family="dots", work="count", short=0.01, long=0.13)).startswith("MISSED")


def test_a_peer_that_cannot_be_had_is_skipped_aloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peers, "PEERS", tmp_path)
    monkeypatch.setenv("PATH", "")
    work = Work(title="counting", unit="text", ours=works()[0].ours, material=["Baku"], peers=[(NPM, 0.5)])
    [result] = measured(work)
    assert result.met
    assert row_line(result) == "SKIPPED npm twitter-text 3.1.0: node is not on this machine"
    assert "| skipped | – |" in sections([result], [])["The text engine"]


def test_what_was_installed_for_other_packages_is_installed_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(peers, "PEERS", tmp_path)
    assert not peers.is_ready(PARSER.packages)
    peers.folder_of(PARSER.packages).mkdir()
    peers._set_ready(PARSER.packages)
    assert peers.is_ready(PARSER.packages)
    assert not peers.is_ready((*PARSER.packages, "another"))


def test_the_material_is_what_the_rows_say() -> None:
    assert len(headlines()) == 1000
    assert all(extract_urls(line) for line in headlines())
    fits = rules_for("x").limit.fits
    for must_be_cut in (True, False):
        assert {fits(f"{post['text']} {post['url']}") for post in posts(must_be_cut=must_be_cut)} == {not must_be_cut}
