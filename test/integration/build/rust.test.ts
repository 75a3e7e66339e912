import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { RUST } from './hello-apps.js';
import { aBuilder, aDyno, answerOfWeb, lacks, push, sharedHome } from './pushed.js';
import { aSource, writeFiles } from './support.js';

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
    const source = aSource(RUST);
    const first = await push(builder, source);
    expect(first.said).toContain('Compiling tiny_http v0.12.0');
    expect(first.processTypes).toEqual({ web: 'target/release/hello' });
    expect(await answerOfWeb(builder, first)).toBe('one');

    writeFiles(source, { 'src/main.rs': RUST['src/main.rs'].replace('"one"', '"two"') });
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
    const changed = { ...RUST, 'Cargo.toml': `${RUST['Cargo.toml']}ascii = "0.9"\n` };
    const { result } = await push(builder, aSource(changed));
    expect(result).toMatchObject({ ok: false, reason: 'command' });
    expect(result.ok ? '' : result.hint).toContain('`cargo update --workspace`');
  }, 120_000);
});
