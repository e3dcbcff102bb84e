"""How much the server takes on at once, with reasons; what an operator may change is in the budgets."""

from __future__ import annotations

# A browser opens six connections while it loads the page, up to 18 through a proxy that speaks HTTP/2, and
# then keeps one; a process has 1,024 open files.
CONNECTIONS_A_PAGE = 6
# Line and headers of a request: a link has 1,800 characters, cookies of neighbours some kilobytes.
HEAD_BYTES = 32 * 2**10
# Seconds until line and headers have arrived; the slowest mobile link takes two.
HEAD_S = 10
# What a browser sends at once; 10,000 devices pasted into the fleet are 2 MB, of every field 6 MB.
MESSAGE_BYTES = 8 * 2**20
# Messages that carry no widgets: names of files that are to be sent, and signs of life.
SMALL_MESSAGE_BYTES = 2**16
# Fields of a message and of what is inside it; a page has some hundred widgets of two or three fields each.
MESSAGE_PARTS = 4000
# Each may hold what the page takes as a file; the next ones wait.
UPLOADS_AT_ONCE = 4
# Of one page: half of them, so that nobody's slow files keep those of everybody else.
UPLOADS_OF_A_PAGE = 2
UPLOAD_TURN_S = 60
# 200 MB at 3 Mbit/s.
UPLOAD_S = 600
# Nothing arrives, or nothing is taken, for so long: whoever asked has gone.
STALL_S = 30
# From then on a file has to have come at this rate, that of a poor mobile link; a byte now and then is none.
LEAST_BYTES_PER_S = 16 * 2**10
# Uploads have an eighth of the memory that is given at most: workers have half, the page needs the rest.
ALL_UPLOADS_SHARE = 8
SESSION_UPLOADS = 512
# Connections that are still open when the server ends are cut then.
ENDING_S = 3
