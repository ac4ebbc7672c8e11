from __future__ import annotations

import logging
import os
import time

import msgspec

from cuebox.api.lines import LineHandler, LineWriter, configure_logging
from cuebox.app.log_lines import JsonFormatter


def _read_all(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def test_lines_arrive_in_order_and_close_flushes() -> None:
    reading, writing = os.pipe()
    writer = LineWriter(writing)
    for number in range(1000):
        writer.write(b"%d\n" % number)
    writer.close()
    os.close(writing)
    assert _read_all(reading).split() == [b"%d" % number for number in range(1000)]


def test_a_reader_that_stalls_never_blocks_and_losses_are_counted() -> None:
    reading, writing = os.pipe()
    writer = LineWriter(writing)
    line = b"x" * 99 + b"\n"
    begun = time.perf_counter()
    for _ in range(40_000):
        writer.write(line)
    assert time.perf_counter() - begun < 2
    assert writer.dropped > 0
    os.close(reading)
    writer.close()
    os.close(writing)


def test_records_are_json_with_their_traceback() -> None:
    reading, writing = os.pipe()
    writer = LineWriter(writing)
    logger = logging.getLogger("cuebox.test")
    handler = configure_logging(writer, "info")
    try:
        logger.info("two\nlines %s", "\udcff")
        try:
            int("inside")
        except ValueError:
            logger.exception("it failed", extra={"request_id": "r-1"})
    finally:
        logging.getLogger().removeHandler(handler)
        writer.close()
        os.close(writing)
    first, second = map(msgspec.json.decode, _read_all(reading).splitlines())
    assert (first["event"], first["level"]) == ("two\nlines ?", "info")
    assert second["request_id"] == "r-1"
    assert "ValueError: " in second["traceback"]


def test_a_handler_formats_what_it_is_given() -> None:
    reading, writing = os.pipe()
    writer = LineWriter(writing)
    handler = LineHandler(writer)
    handler.setFormatter(JsonFormatter())
    record = logging.LogRecord("n", logging.WARNING, __file__, 1, "hello %s", ("you",), None)
    handler.handle(record)
    writer.close()
    os.close(writing)
    assert msgspec.json.decode(_read_all(reading))["event"] == "hello you"
