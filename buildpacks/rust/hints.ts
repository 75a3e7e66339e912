import type { Hint } from '../plan.js';

/** For what Cargo says; the first that fits. */
export const HINTS: readonly Hint[] = [
  {
    when: 'cargo: not found',
    say: 'There is a Rust compiler, but no Cargo beside it: install it (Debian: cargo).',
  },
  {
    when: '--locked was passed',
    say: 'Cargo.lock does not say what Cargo.toml wants: run `cargo update --workspace`, commit Cargo.lock, and push again.',
  },
  {
    when: 'linker `cc` not found',
    say: 'Rust links programs by a C compiler: install one (Debian: gcc and libc6-dev).',
  },
  {
    when: 'Could not find directory of OpenSSL installation',
    say: "A crate is built on the system's OpenSSL: install its headers (Debian: libssl-dev and pkg-config), or use rustls.",
  },
  {
    when: 'requires rustc',
    say: 'A crate wants a newer Rust: name one in rust-toolchain.toml, as in `channel = "1.90"`, or an older version of the crate in Cargo.toml.',
  },
  {
    when: 'error[E0554]',
    say: 'The source uses what only nightly has, and is built with a release of Rust.',
  },
];
