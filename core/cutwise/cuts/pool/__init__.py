"""The pool of cuts that can be optimal under some condition."""
