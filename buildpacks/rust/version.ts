import type { Runtime } from '../plan.js';
import type { SourceTree } from '../source.js';
import { parseToml, tableOf, textOf } from './toml.js';

/** What the source asks for, with its warnings. */
export interface RustVersion {
  readonly runtime: Runtime;
  readonly warnings: readonly string[];
}

/** By rustup's file, which names a release or a channel; else by `rust-version`, the oldest that will do. */
export function rustVersion(source: SourceTree, oldest: string | null): RustVersion {
  const channel = readChannel(source);
  const release = channel === null ? null : /^(\d+\.\d+)(?:\.(\d+))?(?:-|$)/.exec(channel.name);
  if (channel !== null && release !== null) {
    const [, line = '', patch = '0'] = release;
    return runtime(`~${line}.${patch}`, `${channel.file} asks for Rust ${channel.name}`);
  }
  const isStable = channel === null || /^stable(-|$)/.test(channel.name);
  const warnings = isStable
    ? []
    : [`${channel.file} asks for ${channel.name}: the app is built with a release of Rust.`];
  const least = /^\d+\.\d+(\.\d+)?$/.exec(oldest ?? '');
  if (least === null) return { ...runtime(null, null), warnings };
  const whole = least[1] === undefined ? `${least[0]}.0` : least[0];
  return { ...runtime(`>=${whole}`, `Cargo.toml asks for Rust ${least[0]} or later`), warnings };
}

const runtime = (range: string | null, asked: string | null): RustVersion => ({
  runtime: { language: 'rust', range, asked },
  warnings: [],
});

/** `rust-toolchain.toml`, or `rust-toolchain`, which may hold the name alone. */
function readChannel(source: SourceTree): { readonly file: string; readonly name: string } | null {
  for (const file of ['rust-toolchain', 'rust-toolchain.toml']) {
    const text = source.read(file);
    if (text === null) continue;
    const plain = /^\s*([\w.-]+)\s*$/.exec(text)?.[1];
    if (plain !== undefined && file === 'rust-toolchain') return { file, name: plain };
    const name = textOf(tableOf(parseToml(file, text)['toolchain'])['channel']);
    if (name !== null) return { file, name };
  }
  return null;
}
