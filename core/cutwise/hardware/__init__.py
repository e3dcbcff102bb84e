"""What devices and servers can do: speeds, memory and power from the catalogue."""
