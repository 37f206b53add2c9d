"""What a stage has made, for a tool of yours: a line per image into a file, when all of them have passed the gate."""

from pathlib import Path

from erp_build import ClearedImage, Pipeline, clear_images, main

LIST = Path("erp-build-report") / "cleared.txt"


def note_cleared(cleared: tuple[ClearedImage, ...], *_: object, **__: object) -> None:
    """Gets what the stage made first, and then what it got."""
    LIST.parent.mkdir(exist_ok=True)
    LIST.write_text("".join(f"{one.image.repository}@{one.image.digest}\n" for one in cleared), encoding="utf-8")


PIPELINE = Pipeline().at(clear_images).after(note_cleared)

if __name__ == "__main__":
    raise SystemExit(main(pipeline=PIPELINE))
