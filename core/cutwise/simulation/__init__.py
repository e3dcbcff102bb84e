"""A round played out event by event: tasks, the resources they wait for, and when each ran."""
