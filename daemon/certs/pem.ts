import { TfkError } from '../shared/errors.js';

/** Which of the two texts a message is about; the names are the API's. */
export type Field = 'certificate_chain' | 'private_key';

/** A chain of a dozen certificates with keys of 4096 bits has about 25 KB. */
const MOST_BYTES = 100_000;
const MOST_CERTIFICATES = 20;
interface Block {
  readonly label: string;
  /** The whole block, lines ended by `\n`. */
  readonly text: string;
}

/** The certificates of a chain, in its order, each one PEM block; comments between them are left out. */
export function certificateBlocks(text: string): string[] {
  const blocks = blocksOf('certificate_chain', text);
  const certificates = blocks.filter(({ label }) => CERTIFICATE.has(label));
  if (certificates.length === 0)
    throw refused(
      'certificate_chain',
      blocks.some(({ label }) => label.endsWith('PRIVATE KEY'))
        ? 'holds a private key and no certificate'
        : 'is not a certificate in PEM',
      'It begins with -----BEGIN CERTIFICATE-----; a DER file becomes one by: openssl x509 -inform der -in FILE',
    );
  if (certificates.length > MOST_CERTIFICATES)
    throw refused(
      'certificate_chain',
      `has ${certificates.length} certificates; ${MOST_CERTIFICATES} are taken`,
    );
  return certificates.map(({ text: block }) => block.replaceAll(' X509 CERTIFICATE-', ' CERTIFICATE-'));
}

const CERTIFICATE: ReadonlySet<string> = new Set(['CERTIFICATE', 'X509 CERTIFICATE']);

/** The one private key of a file, without what stands around it (`EC PARAMETERS`). */
export function privateKeyBlock(text: string): string {
  const blocks = blocksOf('private_key', text);
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const [key] = keys;
  if (!key)
    throw refused(
      'private_key',
      blocks.length > 0 ? 'holds no private key' : 'is not a private key in PEM',
      'It begins with -----BEGIN PRIVATE KEY-----, or RSA PRIVATE KEY or EC PRIVATE KEY.',
    );
  if (keys.length > 1) throw refused('private_key', `holds ${keys.length} private keys; one is meant`);
  if (key.label === 'ENCRYPTED PRIVATE KEY' || key.text.includes('Proc-Type: 4,ENCRYPTED'))
    throw refused(
      'private_key',
      'is encrypted with a passphrase',
      'Take the passphrase off: openssl pkey -in KEY -out KEY.plain',
    );
  return key.text;
}

function blocksOf(field: Field, text: string): Block[] {
  if (Buffer.byteLength(text) > MOST_BYTES) throw refused(field, `has more than ${MOST_BYTES / 1000} KB`);
  const [, ...parts] = text.replaceAll('\r\n', '\n').split('-----BEGIN ');
  return parts.flatMap((part) => {
    const label = LABEL.exec(part)?.[1];
    const end = label === undefined ? -1 : part.indexOf(`\n-----END ${label}-----`);
    if (label === undefined || end < 0) return [];
    return [{ label, text: `-----BEGIN ${part.slice(0, end)}\n-----END ${label}-----\n` }];
  });
}

const LABEL = /^([A-Z0-9 ]{1,40})-----\n/;

/** Never with a byte of what was sent: it may be a key. */
export function refused(field: Field, what: string, hint?: string): TfkError {
  return new TfkError(
    'invalid_params',
    `${field} ${what}. Nothing was changed.`,
    hint === undefined ? {} : { hint },
  );
}
