"""One module per feed; each holds one object named ``source`` (contract: `etl.source`)."""
