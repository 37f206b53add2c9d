#!/bin/sh
# archive-classes FILE: archives the classes of the JDK, of javac and of Maven that every build loads, as the JVM maps
# them (class data sharing). A Maven that is given the archive takes a fifth less. It belongs to the `java` and the `mvn`
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
# What each build does: javac compiles, by its API as Maven calls it, and a jar is written and read. This file is what it
# compiles, so it has a little of everything that sources have.
cat >"$work/Archived.java" <<'JAVA'
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.codehaus.plexus.classworlds.launcher.Launcher;

public class Archived {
    enum Kind {
        ONE { @Override int value() { return 1; } },
        TWO { @Override int value() { return 2; } };
        abstract int value();
    }

    interface Named<T extends Comparable<T>> {
        T name();
        default String shown() { return "<" + name() + ">"; }
    }

    static final class Counted implements Named<String>, AutoCloseable {
        private static final Pattern DIGITS = Pattern.compile("(\\d+), *");
        private final Map<String, List<Integer>> held = new HashMap<>();
        private int count;
        @Override public String name() { return "counted" + count++; }
        @Override public void close() { held.clear(); }
        @Deprecated synchronized int sum(int... numbers) {
            int total = 0;
            for (int number : numbers) { total += number > 3 ? number : -number; }
            for (int at = 0; at < numbers.length; at++) {
                if (at % 2 == 0) { continue; }
                total ^= at;
            }
            Runnable more = new Runnable() { @Override public void run() { count++; } };
            more.run();
            switch (Kind.values()[total & 1]) { case ONE: total++; break; default: total--; }
            switch (name()) { case "counted0": return total; case "none": throw new IllegalStateException(shown()); default: return 0; }
        }
    }

    public static void main(String[] words) throws Exception {
        Path work = Path.of(words[0]);
        compile(work);
        pack(work);
        try (Counted counted = new Counted()) {
            Function<String, Optional<Integer>> length = text -> Optional.ofNullable(text).map(String::length);
            String all = Arrays.stream(words).filter(word -> !word.isEmpty()).map(length).flatMap(Optional::stream)
                .map(String::valueOf).sorted().collect(Collectors.joining(", "));
            counted.held.put(all, List.of(counted.sum(1, 2, 4), Counted.DIGITS.matcher(all).groupCount()));
        }
        System.exit(Launcher.mainWithExitCode(Arrays.copyOfRange(words, 1, words.length)));
    }

    static void compile(Path work) throws IOException {
        DiagnosticCollector<JavaFileObject> said = new DiagnosticCollector<>();
        List<String> options = List.of("-d", work.toString(), "-classpath", System.getProperty("java.class.path"), "-g",
            "-parameters", "-nowarn", "-encoding", "UTF-8", "--release", String.valueOf(Runtime.version().feature()));
        var javac = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = javac.getStandardFileManager(said, null, UTF_8)) {
            var sources = files.getJavaFileObjects(work.resolve("Archived.java").toFile());
            if (!javac.getTask(null, files, said, options, null, sources).call()) {
                throw new IllegalStateException(said.getDiagnostics().toString());
            }
        }
    }

    static void pack(Path work) throws Exception {
        List<Path> found = new ArrayList<>();
        Files.walkFileTree(work, new SimpleFileVisitor<>() {
            @Override public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                found.add(file);
                return FileVisitResult.CONTINUE;
            }
        });
        Collections.sort(found);
        Path jar = work.resolve("archived.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), new Manifest())) {
            for (Path one : found) {
                out.putNextEntry(new JarEntry(work.relativize(one).toString()));
                Files.copy(one, out);
                out.closeEntry();
            }
        }
        MessageDigest digest = MessageDigest.getInstance("SHA-1");
        try (JarFile in = new JarFile(jar.toFile())) {
            for (JarEntry entry : Collections.list(in.entries())) {
                try (InputStream content = in.getInputStream(entry)) {
                    digest.update(content.readAllBytes());
                }
            }
        }
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
    -Dmaven.multiModuleProjectDirectory="$work" "$work/Archived.java" "$work" \
    --batch-mode --quiet --offline --file "$work/pom.xml" validate 2>&1) || fail "$output"
[ -s "$archive" ] || fail "this JDK made no archive; Java 13 or newer does"
chmod 644 "$archive"
