"""What runs beside the pages follows the news, and ends with them."""

import threading
import time

from dashboard.background import again_on_news


def test_it_acts_at_once_and_again_after_news_only_and_ends_when_told():
    acted, number, stop = [], ["0"], threading.Event()
    worker = threading.Thread(
        target=again_on_news, args=(lambda: acted.append(number[0]), lambda: number[0], stop, 0.05)
    )
    worker.start()
    time.sleep(0.4)
    assert acted == ["0"], "nothing was new"
    number[0] = "1"
    until = time.monotonic() + 10
    while len(acted) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.3)
    assert acted == ["0", "1"]
    stop.set()
    worker.join(10)
    assert not worker.is_alive()


def test_what_comes_while_it_acts_is_news():
    acted, number, stop = [], ["0"], threading.Event()

    def act() -> None:
        acted.append(number[0])
        number[0] = "1"
        if len(acted) == 2:
            stop.set()

    again_on_news(act, lambda: number[0], stop, 0.01)
    assert acted == ["0", "1"]
