import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  NameConstraints,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import { createHash, createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

/** What a certificate authority may vouch for, as X.509 name constraints. */
export interface Permitted {
  /** `localhost` stands for itself and all names below it. */
  readonly domains: readonly string[];
  /** `127.0.0.0/8` */
  readonly networks: readonly string[];
}

export interface Validities {
  /** Milliseconds since the epoch; a certificate keeps whole seconds. */
  readonly from: number;
  readonly until: number;
}

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';

/** The certificate of an authority, signed by itself, in PEM; `key` is its private EC key. */
export function authorityCertificate(key: KeyObject, validity: Validities, permitted: Permitted): string {
  const publicKey = createPublicKey(key);
  const subtrees = [
    ...permitted.domains.map((domain) => new GeneralName({ dNSName: domain })),
    ...permitted.networks.map((network) => new GeneralName({ iPAddress: network })),
  ].map((base) => new GeneralSubtree({ base }));
  return certify({
    subject: authorityName(key),
    publicKey,
    validity,
    signer: key,
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), true),
      extension(
        id_ce_nameConstraints,
        new NameConstraints({ permittedSubtrees: new GeneralSubtrees(subtrees) }),
        true,
      ),
    ],
  });
}

/** The certificate of a server under these host names and addresses, in PEM, signed by an authority's private key. */
export function serverCertificate(
  publicKey: KeyObject,
  hosts: readonly string[],
  validity: Validities,
  signer: KeyObject,
): string {
  const names = hosts.map(
    (host) => new GeneralName(isIP(host) === 0 ? { dNSName: host } : { iPAddress: host }),
  );
  return certify({
    subject: 'tfk',
    publicKey,
    validity,
    signer,
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints(), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
      extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth]), false),
      extension(id_ce_subjectAltName, new SubjectAlternativeName(names), false),
    ],
  });
}

/** Of its own for each key, so that two homes' authorities in one trust store are never taken for each other. */
function authorityName(key: KeyObject): string {
  return `tfk local CA ${keyId(createPublicKey(key)).subarray(0, 4).toString('hex')}`;
}

function certify(made: {
  subject: string;
  publicKey: KeyObject;
  validity: Validities;
  signer: KeyObject;
  extensions: readonly Extension[];
}): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const ids = [
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId(made.publicKey)), false),
    extension(
      id_ce_authorityKeyIdentifier,
      new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyId(createPublicKey(made.signer))) }),
      false,
    ),
  ];
  const content = new TBSCertificate({
    version: Version.v3,
    serialNumber: toArrayBuffer(serialNumber()),
    signature: algorithm,
    issuer: named(authorityName(made.signer)),
    validity: new Validity({
      notBefore: new Date(made.validity.from),
      notAfter: new Date(made.validity.until),
    }),
    subject: named(made.subject),
    subjectPublicKeyInfo: AsnConvert.parse(spkiOf(made.publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions([...made.extensions, ...ids]),
  });
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(content)), made.signer);
  const certificate = new Certificate({
    tbsCertificate: content,
    signatureAlgorithm: algorithm,
    signatureValue: toArrayBuffer(signature),
  });
  return pem(Buffer.from(AsnConvert.serialize(certificate)));
}

function extension(extnID: string, value: object, critical: boolean): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function named(text: string): Name {
  const value = new AttributeValue({ utf8String: text });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: COMMON_NAME, value })])]);
}

/** Positive, and not guessable (CA/Browser Forum, 7.1: at least 64 random bits). */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes;
}

/** RFC 7093, 2, method 1: the first 160 bits of the public key's SHA-256. */
const keyId = (publicKey: KeyObject): Buffer =>
  createHash('sha256')
    .update(Buffer.from(AsnConvert.parse(spkiOf(publicKey), SubjectPublicKeyInfo).subjectPublicKey))
    .digest()
    .subarray(0, 20);

const spkiOf = (publicKey: KeyObject): Buffer => publicKey.export({ type: 'spki', format: 'der' });

const toArrayBuffer = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer;

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
