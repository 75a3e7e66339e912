import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { aBuilder, aDyno, answerOfWeb, lacks, push, sharedHome } from './pushed.js';
import { aSource, writeFiles } from './support.js';

/** As in a guide for beginners: a server, and a crate that listens. */
const HELLO = {
  'Cargo.toml': `[package]
name = "hello"
version = "0.1.0"
edition = "2021"

[dependencies]
tiny_http = "0.12"
`,
  'Cargo.lock': `version = 3

[[package]]
name = "ascii"
version = "1.1.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "d92bec98840b8f03a5ff5413de5293bfcd8bf96467cf5452609f939ec6f5de16"

[[package]]
name = "chunked_transfer"
version = "1.5.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "6e4de3bc4ea267985becf712dc6d9eed8b04c953b3fcfb339ebc87acd9804901"

[[package]]
name = "hello"
version = "0.1.0"
dependencies = [
 "tiny_http",
]

[[package]]
name = "httpdate"
version = "1.0.3"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "df3b46402a9d5adb4c86a0cf463f42e19994e3ee891101b1841f30a545cb49a9"

[[package]]
name = "log"
version = "0.4.35"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "5d15f86d12da44cd8d4ec3c73984537eb7f4cadcb9776a575a0a8a05ca11005c"

[[package]]
name = "tiny_http"
version = "0.12.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "389915df6413a2e74fb181895f933386023c71110878cd0825588928e64cdc82"
dependencies = [
 "ascii",
 "chunked_transfer",
 "httpdate",
 "log",
]
`,
  'src/main.rs': `fn main() {
    let port = std::env::var("PORT").expect("PORT");
    let server = tiny_http::Server::http(format!("0.0.0.0:{port}")).expect("a free port");
    for request in server.incoming_requests() {
        let _ = request.respond(tiny_http::Response::from_string("one"));
    }
}
`,
};

/** A workspace of two programs, and a Procfile that names them in both ways. */
const TOOLS = {
  'Cargo.toml': '[workspace]\nresolver = "2"\nmembers = ["crates/*"]\n',
  'Cargo.lock': `version = 3

[[package]]
name = "job"
version = "0.1.0"

[[package]]
name = "shared"
version = "0.1.0"

[[package]]
name = "tool"
version = "0.1.0"
dependencies = [
 "shared",
]
`,
  Procfile: 'worker: tool\njob: target/release/job\n',
  'crates/shared/Cargo.toml': '[package]\nname = "shared"\nversion = "0.1.0"\nedition = "2021"\n',
  'crates/shared/src/lib.rs': 'pub const GREETING: &str = "shared";\n',
  'crates/tool/Cargo.toml':
    '[package]\nname = "tool"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nshared = { path = "../shared" }\n',
  'crates/tool/src/main.rs': 'fn main() {\n    println!("{}", shared::GREETING);\n}\n',
  'crates/job/Cargo.toml': '[package]\nname = "job"\nversion = "0.1.0"\nedition = "2021"\n',
  'crates/job/src/main.rs': 'fn main() {}\n',
};

describe.skipIf(await lacks('rust'))('a Rust app', () => {
  const builder = aBuilder(sharedHome());

  test('is built, keeps its crates compiled, and serves', async () => {
    const source = aSource(HELLO);
    const first = await push(builder, source);
    expect(first.said).toContain('Compiling tiny_http v0.12.0');
    expect(first.processTypes).toEqual({ web: 'target/release/hello' });
    expect(await answerOfWeb(builder, first)).toBe('one');

    writeFiles(source, { 'src/main.rs': HELLO['src/main.rs'].replace('"one"', '"two"') });
    const second = await push(builder, source);
    expect(second.said).not.toContain('Compiling tiny_http');
    expect(await answerOfWeb(builder, second)).toBe('two');
  }, 300_000);

  test('may be a workspace of several programs', async () => {
    const pushed = await push(builder, aSource(TOOLS));
    const { folder, env } = await aDyno(builder, pushed);
    for (const [command, said] of [
      ['tool', 'shared\n'],
      ['target/release/job', ''],
    ] as const) {
      const run = spawnSync('/bin/sh', ['-c', command], { cwd: folder, env, encoding: 'utf8' });
      expect(run).toMatchObject({ status: 0, stdout: said });
    }
  }, 120_000);

  test('whose Cargo.lock is of another Cargo.toml is told what to type', async () => {
    const changed = { ...HELLO, 'Cargo.toml': `${HELLO['Cargo.toml']}ascii = "0.9"\n` };
    const { result } = await push(builder, aSource(changed));
    expect(result).toMatchObject({ ok: false, reason: 'command' });
    expect(result.ok ? '' : result.hint).toContain('`cargo update --workspace`');
  }, 120_000);
});
