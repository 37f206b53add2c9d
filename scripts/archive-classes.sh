#!/bin/sh
# archive-classes FILE: archives the classes of the JDK, of javac and of Maven that every build loads, as the JVM maps
# them (class data sharing). A Maven that is given the archive takes an eighth less. It belongs to the `java` and the `mvn`
# in PATH; a JVM that finds another JDK or Maven ignores it.
set -eu

fail() {
    echo "archive-classes: $1" >&2
    exit 1
}

[ $# = 1 ] || fail "usage: archive-classes FILE"
archive=$1
program=$(command -v mvn) || fail "there is no mvn in PATH"
maven=$(dirname "$(dirname "$(readlink -f "$program")")")
# As mvn itself does: the archive is good for this very class path alone.
launcher=$(echo "$maven"/boot/plexus-classworlds-*.jar)
[ -f "$launcher" ] || fail "no Maven in $maven"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# javac is archived because the JVM compiles this file before it runs it.
cat >"$work/Archived.java" <<'JAVA'
public class Archived {
    public static void main(String[] words) throws Exception {
        System.exit(org.codehaus.plexus.classworlds.launcher.Launcher.mainWithExitCode(words));
    }
}
JAVA
cat >"$work/pom.xml" <<'POM'
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>archived</groupId>
  <artifactId>archived</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
</project>
POM
# Flags of the collector and the compiler as in clients/maven/program.py: the archive holds what such a JVM takes.
output=$(java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ArchiveClassesAtExit="$archive" -Xlog:cds=off -Xlog:cds+dynamic=off \
    -classpath "$launcher" -Dclassworlds.conf="$maven/bin/m2.conf" -Dmaven.home="$maven" \
    -Dmaven.multiModuleProjectDirectory="$work" "$work/Archived.java" \
    --batch-mode --quiet --offline --file "$work/pom.xml" validate 2>&1) || fail "$output"
[ -s "$archive" ] || fail "this JDK made no archive; Java 13 or newer does"
chmod 644 "$archive"
