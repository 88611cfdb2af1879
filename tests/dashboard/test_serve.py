"""What stands in the way of serving is said before anything is begun."""

import socket

import pytest

from dashboard.serve import require_free_port
from data.errors import PortInUse


def test_a_port_in_use_is_named_and_a_free_one_is_no_error():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortInUse, match=str(port)):
            require_free_port("127.0.0.1", port)
    require_free_port("127.0.0.1", port)
