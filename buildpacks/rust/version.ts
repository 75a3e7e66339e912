import type { Runtime } from '../plan.js';
import type { SourceTree } from '../source.js';
import { parseToml, tableOf, textOf } from './toml.js';

/** What the source asks for, with its warnings. */
export interface RustVersion {
  readonly runtime: Runtime;
  readonly warnings: readonly string[];
}

interface Channel {
  readonly file: string;
  readonly name: string;
}

/** By rustup's file, which names a release or a channel; else by `rust-version`, the oldest that will do. */
export function rustVersion(source: SourceTree, oldest: string | null): RustVersion {
  const channel = readChannel(source);
  const [, line, patch = '0'] = /^(\d+\.\d+)(?:\.(\d+))?(?:-|$)/.exec(channel?.name ?? '') ?? [];
  if (channel !== null && line !== undefined) {
    const asked = `${channel.file} asks for Rust ${channel.name}`;
    return { runtime: { language: 'rust', range: `~${line}.${patch}`, asked }, warnings: [] };
  }
  return { runtime: leastOf(oldest), warnings: channel === null ? [] : warningsOf(channel) };
}

const warningsOf = ({ file, name }: Channel): string[] =>
  /^stable(-|$)/.test(name) ? [] : [`${file} asks for ${name}: the app is built with a release of Rust.`];

function leastOf(oldest: string | null): Runtime {
  const [version, patch] = /^\d+\.\d+(\.\d+)?$/.exec(oldest ?? '') ?? [];
  if (version === undefined) return { language: 'rust', range: null, asked: null };
  const range = patch === undefined ? `>=${version}.0` : `>=${version}`;
  return { language: 'rust', range, asked: `Cargo.toml asks for Rust ${version} or later` };
}

/** `rust-toolchain.toml`, or `rust-toolchain`, which may hold the name alone. */
function readChannel(source: SourceTree): Channel | null {
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
