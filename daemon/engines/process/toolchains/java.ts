import { access, constants, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inEachOf } from './ask.js';
import type { Places, Toolchain, ToolchainFinder } from './toolchain.js';

/** What runs a jar. */
export const jre: ToolchainFinder = {
  humanName: 'Java',
  atLaunch: true,
  install: 'Install a Java runtime (Debian: default-jre-headless)',
  candidates: (places) => programs(places, 'java'),
  look: (program) => javaOf(program),
};

/** What compiles too. Maven is found beside it, on the PATH; a source with a wrapper needs none. */
export const java: ToolchainFinder = {
  humanName: 'Java (JDK)',
  atLaunch: true,
  install: 'Install a JDK and Maven (Debian: default-jdk-headless and maven)',
  candidates: (places) => programs(places, 'javac'),
  async look(program, places): Promise<Toolchain | null> {
    const found = await javaOf(program);
    if (found === null) return null;
    const maven = await firstWith('mvn', places.path);
    return { ...found, path: [...found.path, ...(maven === null ? [] : [maven])] };
  },
};

async function programs({ path, env }: Places, name: string): Promise<string[]> {
  const chosen = env['JAVA_HOME'] === undefined ? [] : [join(env['JAVA_HOME'], 'bin')];
  return [...chosen, ...path, ...(await inEachOf('/usr/lib/jvm', 'bin'))].map((folder) => join(folder, name));
}

/** By the file `release`, which every Java since 8 has; starting one takes a while. */
async function javaOf(program: string): Promise<Toolchain | null> {
  const home = await realpath(program)
    .then((path) => dirname(dirname(path)))
    .catch(() => null);
  if (home === null) return null;
  const release = await readFile(join(home, 'release'), 'utf8').catch(() => '');
  const told = /^JAVA_VERSION="([^"]+)"/m.exec(release)?.[1];
  if (told === undefined) return null;
  // Java 8 still called itself 1.8.
  const version = told.replace(/^1\.(\d+)\.\d+_(\d+).*$/, '$1.0.$2');
  return { version, path: [join(home, 'bin')], env: { JAVA_HOME: home } };
}

async function firstWith(program: string, folders: readonly string[]): Promise<string | null> {
  for (const folder of folders) {
    const there = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (there) return folder;
  }
  return null;
}
