"""A link carries the whole question, exactly, or is refused whole."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import time
import zlib
from collections import Counter
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from cutwise.errors import CutwiseError
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device
from cutwise.scenario.scenario_file import scenario_to_dict
from cutwise.scenario.versions import versions
from cutwise.stated import link, link_words
from cutwise.stated.link import link_notice, link_of, question_of_link
from cutwise.stated.link_content import content_of, question_in
from cutwise.stated.link_words import NEWEST, VERSIONS, link_dictionary
from cutwise.stated.shipped_scenarios import shipped_scenario, shipped_scenarios
from cutwise.stated.stated_question import StatedQuestion
from tests.core.stated_questions import random_question

FIRST = StatedQuestion()
EDITED = replace(
    FIRST, scenario=changed(FIRST.scenario, {"channel.uplink_bps": 1.7e7, "limits.deadline_s": 250.0})
)
WRITTEN_FILES = {
    "1.presets.json": "7054b232fc3b894983e2e98b6ea0ef55ac923baf04084428145e025de0bf2c74",
    "1.words.txt": "5a8bdf526cd079f9050b6459796f86881b3db42360cd2613429559aebf223e64",
    "2.presets.json": "96aa099069c38f0a782d8268c7c2e1fd61c88bad40fff0709eac8f3ba39b2d25",
    "2.words.txt": "5a8bdf526cd079f9050b6459796f86881b3db42360cd2613429559aebf223e64",
    "3.presets.json": "3d618cec573060701633639183649faeecd549118dcb01e2468f81b508c31d0c",
    "3.words.txt": "5239a12e792dee13390b0e7fa193ab410a547ad9511ad0845989382e270f1a6c",
}
"""SHA-256 of what links of each version are told from: links that people keep would break with it."""


def fleet(count: int, *, digits: int = 0) -> StatedQuestion:
    """The guide's fleets: profiles, or four figures a device with so many digits."""
    rng = random.Random(1)
    if not digits:
        profiles, samples = ("jetson_tx2", "raspberry_pi_4", "jetson_nano"), (500, 1000, 2000)
        devices = [
            Device(name=f"device-{n:03d}", profile=rng.choice(profiles), samples=rng.choice(samples))
            for n in range(count)
        ]
    else:
        devices = [
            Device(
                name=f"device-{n:03d}",
                flops_per_s=_rounded(rng.uniform(1e10, 1e12), digits),
                memory_bytes=_rounded(rng.uniform(1e9, 16e9), digits),
                samples=rng.randrange(100, 5000),
                distance_m=_rounded(rng.uniform(10, 300), digits),
            )
            for n in range(count)
        ]
    return replace(FIRST, scenario=replace(FIRST.scenario, devices=tuple(devices)))


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def with_content(content: bytes) -> str:
    """A link as somebody would forge it: this content, well packed, with a right checksum."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, link_dictionary())
    packed = link._head(content, link._answering()) + packer.compress(content) + packer.flush()
    return f"{NEWEST}.{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def forged(**content: Any) -> str:
    return with_content(json.dumps(content).encode())


@pytest.mark.parametrize("seed", range(200))
def test_a_question_comes_back_exactly(seed: int) -> None:
    """Equal and of the same types, down to the sign of a zero: `repr` shows every digit."""
    asked = random_question(random.Random(seed))
    found = question_of_link(link_of(asked))
    assert found == asked
    assert repr(found.scenario) == repr(asked.scenario)
    assert sorted(map(repr, found.options.items())) == sorted(map(repr, asked.options.items()))


def test_the_random_questions_are_of_every_kind() -> None:
    asked = [random_question(random.Random(seed)) for seed in range(200)]
    kinds = Counter(
        type(part).__name__
        for one in asked
        for part in (
            one.scenario.channel, one.scenario.workload.tuning, one.scenario.compression.codec,
            one.scenario.compression.accuracy, one.scenario.privacy.keep_on_device,
        )
    )  # fmt: skip
    assert kinds.keys() == {
        "FixedRate", "Shannon", "FullTuning", "Lora", "Uncompressed", "TopK", "DeadZone", "ErrorProxy",
        "Surrogate", "AccuracyTable", "LayerDepth", "str", "tuple",
    }  # fmt: skip
    assert {len(one.scenario.devices) for one in asked} >= {1, 300}
    assert len({one.scheme for one in asked}) == 19
    assert {bool(one.model.digest) for one in asked} == {True, False}


def test_the_sizes_are_those_that_the_prototype_measured() -> None:
    kept = replace(EDITED, cut="maxpool", kept=(link_of(FIRST), link_of(EDITED)))
    sizes = [len(link_of(one)) for one in (FIRST, EDITED, kept, fleet(30), fleet(30, digits=3))]
    sizes += [len(link_of(one)) for one in (fleet(30, digits=17), fleet(300), fleet(300, digits=3))]
    most = [12, 56, 170, 252, 625, 1498, 1396, 5101]
    assert [size <= 1.05 * limit for size, limit in zip(sizes, most, strict=True)] == [True] * 8, sizes


def test_five_devices_take_a_millisecond_and_300_twenty() -> None:
    def best(asked: StatedQuestion) -> float:
        taken = []
        for _ in range(20):
            start = time.process_time()
            link_of(asked)
            taken.append(time.process_time() - start)
        return min(taken)

    assert best(fleet(5, digits=17)) < 1e-3
    assert best(fleet(300, digits=17)) < 20e-3


def test_what_links_are_told_from_never_changes_under_the_same_version() -> None:
    folder = files("cutwise.assets").joinpath("links")
    found = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.iterdir()}
    assert found == WRITTEN_FILES, "links of before would mean something else: add files of a new version"
    assert {name.partition(".")[0] for name in WRITTEN_FILES} == set(VERSIONS)


def test_a_link_means_its_scenario_after_the_shipped_one_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    text = link_of(EDITED)
    question_of_link.cache_clear()  # type: ignore[attr-defined]
    monkeypatch.setattr(
        "cutwise.stated.stated_question.shipped_scenario", lambda *_: pytest.fail("read from today's file")
    )
    assert question_of_link(text).scenario == EDITED.scenario


def test_a_shipped_scenario_that_came_later_is_carried_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = replace(FIRST, preset="campus_cell", scenario=shipped_scenario("campus_cell"))
    assert len(link_of(asked)) < 30
    monkeypatch.setattr("cutwise.stated.link_content.link_presets", lambda *_: {})
    content = content_of(asked, NEWEST)
    assert question_in(content, NEWEST) == asked


@pytest.mark.parametrize("asked", [FIRST, EDITED, fleet(30, digits=3)], ids=["first", "edited", "thirty"])
def test_a_changed_or_lost_character_is_noticed(asked: StatedQuestion) -> None:
    text = link_of(asked)
    rng = random.Random(0)
    for place in range(len(text)):
        for new in rng.sample("ABCxyz019-_.%= ", 3):
            refused_or_same(text[:place] + new + text[place + 1 :], asked)
        refused_or_same(text[:place], asked)
        refused_or_same(text[:place] + text[place + 1 :], asked)


def refused_or_same(text: str, asked: StatedQuestion) -> None:
    refusal, found = "", None
    try:
        found = question_of_link(text)
    except CutwiseError as error:
        refusal = str(error)
    assert found == asked or refusal
    assert "\n" not in refusal


FORGERIES = {
    "no preset": (forged(p="nowhere"), "preset: unknown preset 'nowhere'"),
    "an endless name": (forged(c="x" * 10**6), "scheme: unknown scheme 'xxx"),
    "no scheme": (forged(c="gsfll"), "unknown scheme 'gsfll'; did you mean 'gsfl'"),
    "no option": (forged(c="gsfl", o={"group": 2}), "options.group: unknown option of gsfl"),
    "beyond a bound": (forged(c="gsfl", o={"groups": -1}), "options.groups: -1 is below the smallest"),
    "no number": (forged(c="gsfl", o={"groups": {}}), "options.groups: must be a whole number"),
    "too large": (forged(c="card", o={"least_frequency_ratio": 10**400}), "is too large"),
    "no sample": (forged(m="resnet19"), "unknown sample 'resnet19'; did you mean 'resnet18'"),
    "no digest": (forged(m={"digest": "../../etc", "name": "x"}), "model.digest: give the SHA-256"),
    "no size": (forged(m={"sample": "vgg16", "dims": {"batch": 0}}), "model.dims: 'batch' is 0"),
    "no baseline": (forged(b="luck"), "unknown baseline 'luck'"),
    "outside a bound": (forged(s={"seed": -1}), "seed: must be greater than or equal to 0"),
    "no key": (forged(s={"colour": 1}), "colour"),
    "no device": (forged(d={"#": 0}), "devices"),
    "many devices": (forged(d={"#": 340_000, "samples": [1]}), "340,000 rows, at most 10,000"),
    "long names": (forged(d={"#": 9_999, "profile": ["x" * 90_000]}), "it has 900 MB, at most 8 MB"),
    "other columns": (forged(d={"#": 9_999, "x": [1]}), "column 'x' does not fit"),
    "short columns": (forged(d={"samples": [1, 2]}), "column 'samples' does not fit"),
    "a bomb": (with_content(b'{"u":"' + b"x" * 2**26 + b'"}'), "unpacks to more than 4 MB"),
    "deep": (with_content(b'{"o":' + b"[" * 10**5 + b"]" * 10**5 + b"}"), "more than 32 deep"),
    "no object": (with_content(b"[1]"), "damaged"),
    "another name": (forged(z=1), "damaged"),
    "another type": (forged(u=7), "damaged"),
    "tables of another type": (forged(s=[1]), "damaged"),
    "kept of another type": (forged(k=[1]), "damaged"),
    "another version": (f"{int(NEWEST) + 1}.AAAA", "no link that version 1"),
    "nothing": ("", "no link that version 1"),
    "no address": ("1.ä", "damaged"),
    "endless": ("1." + "A" * 10**7, "10,000,000 characters, at most 4,000,000"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_a_link_that_cannot_be_opened_says_why_in_one_sentence(name: str) -> None:
    text, why = FORGERIES[name]
    start = time.process_time()
    with pytest.raises(CutwiseError) as caught:
        question_of_link(text)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert time.process_time() - start < 2


def test_a_question_that_is_too_large_says_so() -> None:
    with pytest.raises(CutwiseError, match="too large for a link"):
        link_of(fleet(10_001))
    assert question_of_link(link_of(fleet(2000, digits=17))) == fleet(2000, digits=17)


def test_a_link_of_other_data_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    text = link_of(EDITED)
    assert link_notice(text) == ""
    other = replace(versions(), data="0123456789ab")
    monkeypatch.setattr("cutwise.stated.link.versions", lambda: other)
    assert link_notice(text).startswith("This link was written by")
    assert question_of_link(text) == EDITED


def test_the_shipped_scenarios_are_those_of_the_newest_links() -> None:
    """Where one has changed links stay right and grow; a new version of links makes them short again."""
    told = link_words.link_presets()
    for name in shipped_scenarios():
        document = {k: v for k, v in scenario_to_dict(shipped_scenario(name)).items() if k != "format"}
        assert json.loads(json.dumps(told[name])) == json.loads(json.dumps(document))
