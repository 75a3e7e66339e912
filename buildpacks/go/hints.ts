import type { Hint } from '../plan.js';

const TIDY =
  'go.mod and go.sum do not say what the source imports: run `go mod tidy`, commit both files, and push again.';

/** For what the go command says; the first that fits. */
export const HINTS: readonly Hint[] = [
  { when: 'inconsistent vendoring', say: 'Run `go mod vendor`, commit the folder vendor, and push again.' },
  { when: 'missing go.sum entry', say: TIDY },
  { when: 'no required module provides package', say: TIDY },
  { when: 'updates to go.mod needed', say: TIDY },
  { when: 'updates to go.sum needed', say: TIDY },
  {
    when: 'checksum mismatch',
    say: 'A module is not what go.sum remembers. If that is right, run `go mod tidy` after `go clean -modcache`, and look at what changed in go.sum.',
  },
  {
    when: 'golang.org/toolchain@',
    say: 'That version of Go cannot be fetched: change the lines `go` and `toolchain` of go.mod, or install it on this machine.',
  },
  {
    when: 'C compiler',
    say: 'A package contains C code. Install a C compiler (Debian: gcc and libc6-dev), or build without C by `tfk config:set CGO_ENABLED=0`.',
  },
];
