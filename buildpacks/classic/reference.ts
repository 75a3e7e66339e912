/** Where a classic buildpack of Heroku's kind comes from: whatever has `bin/detect`, `bin/compile` and, mostly, `bin/release`. */
export type ClassicReference =
  | {
      readonly kind: 'git';
      /** As its user wrote it; it is known by this. */
      readonly text: string;
      readonly url: string;
      /** A branch, a tag or a whole commit id; null: what the repository points to. */
      readonly ref: string | null;
    }
  | { readonly kind: 'tarball'; readonly text: string; readonly url: string }
  /** On tfkd's machine. */
  | { readonly kind: 'folder'; readonly text: string; readonly path: string };

export type ReadReference =
  | { readonly ok: true; readonly reference: ClassicReference }
  /** The second half of a sentence that begins with the buildpack. */
  | { readonly ok: false; readonly why: string; readonly hint: string };

const REF = /^(?!.*(?:\.\.|\/\/|@\{))[A-Za-z0-9][\w./-]{0,199}$/;
const TARBALL = /\.(?:tgz|tar\.gz|tar)$/i;
const MOST_CHARACTERS = 500;
const ADDRESSES =
  'Type an address such as https://github.com/heroku/heroku-buildpack-apt.git#v1, the https address of a .tgz, or a folder ./my-buildpack.';

/** `https://host/x.git#ref`, `https://host/x.tgz` or `/a/folder`. */
export function readReference(text: string): ReadReference {
  if (/[\u0000-\u0020\u007F]/.test(text)) return refused('holds blanks or control characters');
  if (text.length > MOST_CHARACTERS) return refused(`has more than ${MOST_CHARACTERS} characters`);
  if (text.startsWith('/')) return { ok: true, reference: { kind: 'folder', text, path: text } };
  const [address = '', ref = null, ...more] = text.split('#');
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !['https:', 'file:'].includes(url.protocol))
    return refused('is neither a name that tfk knows, nor an https address, nor a folder');
  if (url.username !== '' || url.password !== '')
    return refused(
      'has a user or password in its address, which would be shown to everybody who may see the app',
    );
  if (url.protocol === 'https:' && TARBALL.test(url.pathname)) {
    if (ref !== null) return refused('is the address of a tarball, which has no #ref');
    return { ok: true, reference: { kind: 'tarball', text, url: address } };
  }
  if (more.length > 0 || (ref !== null && !REF.test(ref))) return refused('has a #ref that is none of git');
  return { ok: true, reference: { kind: 'git', text, url: address, ref } };
}

const refused = (why: string): ReadReference => ({ ok: false, why, hint: ADDRESSES });

/** Does it name files of tfkd's own machine? Only who is on that machine may name them. */
export const isLocal = (reference: ClassicReference): boolean =>
  reference.kind === 'folder' || (reference.kind === 'git' && reference.url.startsWith('file:'));
