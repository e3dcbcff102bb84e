"""The keys of one family's configuration, from a file that says it in another form."""

from __future__ import annotations

from collections.abc import Callable, Collection

from cutwise.importers.hugging_face.forms.nested_text import text_part
from cutwise.importers.hugging_face.forms.untyped import typed
from cutwise.importers.hugging_face.keys import Keys

Notes = tuple[str, ...]
Form = Callable[[Keys, Collection[str]], tuple[Keys, Notes]]
FORMS: tuple[Form, ...] = (typed, text_part)
"""Each answers the keys as the next form, and in the end a family, has them, and what is to be said."""


def in_known_form(keys: Keys, families: Collection[str]) -> tuple[Keys, Notes]:
    """`keys` as one of `families` has them where they can be put so, and what a reader has to know then.

    >>> old = Keys("config.json", {"n_embd": 8, "n_layer": 1, "n_head": 2, "n_ctx": 16})
    >>> in_known_form(old, ["gpt2"])[0].values["model_type"]
    'gpt2'
    """
    notes: Notes = ()
    for form in FORMS:
        keys, said = form(keys, families)
        notes += said
    return keys, notes
