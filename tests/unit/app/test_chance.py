"""Chance drawn in stock."""

from __future__ import annotations

import os
import threading

from honeypost.app.chance import PIECE_BYTES, STOCK_PIECES, Stock


class Source:
    """A kernel that counts."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, count: int) -> bytes:
        self.asked.append(count)
        return os.urandom(count)


def test_pieces_come_from_one_draw() -> None:
    source = Source()
    stock = Stock(source)
    drawn = {stock(PIECE_BYTES) for _ in range(STOCK_PIECES)}
    assert len(drawn) == STOCK_PIECES
    assert source.asked == [PIECE_BYTES * STOCK_PIECES]
    assert stock(PIECE_BYTES) not in drawn
    assert len(source.asked) == 2


def test_other_sizes_come_from_the_source_itself() -> None:
    source = Source()
    assert len(Stock(source)(32)) == 32
    assert source.asked == [32]


def test_no_piece_is_given_out_twice_to_two_threads() -> None:
    stock = Stock(os.urandom)
    drawn: list[list[bytes]] = [[], []]

    def draw(into: list[bytes]) -> None:
        into.extend(stock(PIECE_BYTES) for _ in range(5_000))

    threads = [threading.Thread(target=draw, args=(into,)) for into in drawn]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({*drawn[0], *drawn[1]}) == 10_000
