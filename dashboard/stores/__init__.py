"""What outlives a session: long links and uploads, in bounded folders that know no page."""
