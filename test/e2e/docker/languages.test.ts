import type Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GO, JAVA } from '../../integration/build/hello-apps.js';
import { writeFiles } from '../../integration/build/support.js';
import { describeDocker } from '../../support/docker.js';
import { dynoContainersOf, onDocker } from '../../support/engine-under-test.js';
import type { Installation } from '../../support/installation.js';

interface LanguageCase {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** The file that says `one`. */
  readonly main: string;
  readonly build: string;
  readonly launch: string;
  readonly answer: string;
  /** What is printed where something is downloaded, or compiled that is not the app's own. */
  readonly installs: RegExp;
  /** A config var with which nothing can be downloaded, where the tool does not tell. */
  readonly offline?: string;
}

/** A server of the standard library's, and a crate in `vendor`: Rust 1.63 knows an index of crates only which is a git repository. */
const RUST = {
  'Cargo.toml':
    '[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\ngreeting = "1"\n',
  'Cargo.lock': `version = 3

[[package]]
name = "greeting"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "hello"
version = "0.1.0"
dependencies = [
 "greeting",
]
`,
  '.cargo/config.toml':
    '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n',
  'vendor/greeting/.cargo-checksum.json': '{"files":{}}',
  'vendor/greeting/Cargo.toml': '[package]\nname = "greeting"\nversion = "1.0.0"\nedition = "2021"\n',
  'vendor/greeting/src/lib.rs': 'pub fn greet(name: &str) -> String {\n    name.to_string()\n}\n',
  'src/main.rs': `use std::io::{Read, Write};

fn main() {
    let port = std::env::var("PORT").expect("PORT");
    let listener = std::net::TcpListener::bind(format!("0.0.0.0:{port}")).expect("a free port");
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        let _ = stream.read(&mut [0; 4096]);
        let body = greeting::greet("one");
        let head = format!("HTTP/1.1 200 OK\\r\\nContent-Length: {}\\r\\nConnection: close", body.len());
        let _ = write!(stream, "{head}\\r\\n\\r\\n{body}");
    }
}
`,
};

/** On the images that `node test/images/make.mjs IMAGE…` makes when they are asked for. */
const CASES: readonly LanguageCase[] = [
  {
    name: 'hello-go',
    files: { ...GO, 'go.mod': GO['go.mod'].replace('go 1.21', 'go 1.19') },
    main: 'main.go',
    build: 'golang:1.19-bookworm',
    launch: 'buildpack-deps:bookworm-curl',
    answer: 'one 36',
    installs: /go: downloading/,
  },
  {
    name: 'hello-java',
    files: JAVA,
    main: 'src/main/java/Hello.java',
    build: 'maven:3-eclipse-temurin-17',
    launch: 'eclipse-temurin:17-jre',
    answer: 'one',
    installs: /BUILD SUCCESS/,
    offline: 'MAVEN_CUSTOM_OPTS=-DskipTests --offline',
  },
  {
    name: 'hello-rust',
    files: RUST,
    main: 'src/main.rs',
    build: 'rust:1.63-bookworm',
    launch: 'buildpack-deps:bookworm-curl',
    answer: 'one',
    installs: /Compiling greeting/,
  },
];

await describeDocker('Compiled languages on Docker', ({ docker }) => {
  const engine = onDocker(docker);
  let tfk: Installation;
  beforeAll(() => {
    tfk = engine.install({
      TFK_BASE_IMAGE_GO: 'golang:1.19-bookworm',
      TFK_BASE_IMAGE_JAVA: 'maven:3-eclipse-temurin-17',
      TFK_BASE_IMAGE_JRE: 'eclipse-temurin:17-jre',
      TFK_BASE_IMAGE_RUST: 'rust:1.63-bookworm',
    });
  });
  afterAll(() => engine.remove(tfk));

  /** Build output is told on stderr. */
  const printedBy = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await tfk.tfk(...args);
    expect(code, stderr).toBe(0);
    return stdout + stderr;
  };

  it.for(CASES)(
    '$name: compiled on one image, run on a smaller one, by no root',
    async (language, { skip }) => {
      const missing = await missingImages(docker, [language.build, language.launch]);
      if (missing.length > 0) {
        const reason = `${language.name}: node test/images/make.mjs ${missing.join(' ')} has not been run`;
        process.stderr.write(`Skipped: ${reason}\n`);
        skip(reason);
      }
      const { name, files, main } = language;
      const source = tfk.source(name, files);
      const first = await printedBy('push', source);
      expect(first).toMatch(language.installs);
      expect(await tfk.get(name)).toMatchObject({ status: 200, body: language.answer });

      const [container] = await dynoContainersOf(docker, tfk);
      const { Image, Config } = await docker.getContainer(container?.Id ?? '').inspect();
      expect(Config.User).toMatch(/^[1-9]/);
      const launch = await layersOf(docker, language.launch);
      expect((await layersOf(docker, Image)).slice(0, launch.length)).toEqual(launch);
      expect(await tfk.ok('run', '-a', name, '--', 'id -u')).toMatch(/^[1-9]\d*$/m);

      writeFiles(source, { [main]: (files[main] ?? '').replace('"one', '"two') });
      if (language.offline) await tfk.ok('config:set', language.offline, '-a', name);
      const second = await printedBy('push', source);
      if (!language.offline) expect(second).not.toMatch(language.installs);
      expect(await tfk.get(name)).toMatchObject({ body: language.answer.replace('one', 'two') });
      expect(await printedBy('push', source)).toMatch(/no step is run/);
      await tfk.ok('apps:destroy', '-a', name, '--confirm', name);
    },
  );
});

async function missingImages(docker: Docker, tags: readonly string[]): Promise<string[]> {
  const images = await docker.listImages();
  const there = new Set(images.flatMap(({ RepoTags }) => RepoTags ?? []));
  return tags.filter((tag) => !there.has(tag));
}

const layersOf = async (docker: Docker, image: string): Promise<string[]> =>
  (await docker.getImage(image).inspect()).RootFS.Layers ?? [];
