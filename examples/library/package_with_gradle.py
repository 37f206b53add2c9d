"""A packager of your own: Gradle makes the jars that the Dockerfiles copy, of services with `package = "gradle"`.

Called in place of `erp-build`: `python package_with_gradle.py run`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from erp_build import BuildFailed, Function, Service, Workbench, main


class Gradle:
    """Calls the wrapper of each service."""

    name, key, inputs, makes = "gradle", "bootJar", ("gradle", "settings.gradle"), "build/libs"

    def require_packable(self, folder: Path) -> None:
        """Told before anything is built."""
        if not (folder / "gradlew").is_file():
            raise BuildFailed("there is no wrapper of Gradle", where=str(folder), next_step="call `gradle wrapper`")

    def package(self, bench: Workbench, targets: Sequence[Service | Function], done: Callable[..., None]) -> None:
        """Each image is built as soon as its jar is done."""
        for target in targets:
            done(target.name, bench.run(["sh", "gradlew", "--no-daemon", "bootJar"], target, "JAVA_", "GRADLE_"))


if __name__ == "__main__":
    raise SystemExit(main(packagers=[Gradle()]))
