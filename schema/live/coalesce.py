"""Of many frames the newest per entity, and what was left out told."""

from collections.abc import Sequence
from dataclasses import replace

from schema.live.frames import Frame, joined


def coalesced(frames: Sequence[Frame], before: str) -> list[Frame]:
    """The newest frame of each entity, in order. When any was left out the first that is left tells how many, and the
    cursor ``before`` them. Frames without an entity are all kept.
    """
    newest = {frame.entity: number for number, frame in enumerate(frames)}
    kept = [frame for number, frame in enumerate(frames) if frame.entity is None or newest[frame.entity] == number]
    skipped = len(frames) - len(kept)
    if skipped:
        note = b'"stream":{"skipped":{"count":%d,"cursor":"%s"}}' % (skipped, before.encode())
        kept[0] = replace(kept[0], note=joined(note, kept[0].note), wire=None)
    return kept
