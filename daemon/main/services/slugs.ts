import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { isProcessType } from '../../../buildpacks/procfile.js';
import type { Artifact } from '../../engines/engine.js';
import type { SlugService } from '../../http/services.js';
import { TfkError } from '../../shared/errors.js';
import { newId, newSecret } from '../../shared/ids.js';
import { uploadedSlugs } from '../slug-uploads.js';
import type { Stages } from './stages.js';

/** Time matters more than size on one machine. */
const FASTEST = 1;
const MAX_TYPES = 256;

export function slugService({
  store,
  clock,
  engines,
  slugUploads,
  home,
}: Pick<Stages, 'store' | 'clock' | 'slugUploads' | 'home'> & {
  readonly engines: Pick<Stages['engines'], 'pack'>;
}): SlugService {
  return {
    announce(slug) {
      assertProcessTypes(slug.processTypes);
      assertChecksum(slug.checksum);
      const upload = { ...slug, id: newId(), putSecret: newSecret(), createdAt: clock.now() };
      store.slugUploads.insert(upload);
      return { ...upload, receivedAt: null };
    },
    receive: (upload, body, length) => slugUploads.receive(upload, body, length),
    blobSecret: (slug) => store.slugBlobs.ensureSecret(slug, newSecret()),
    async open(slug) {
      const uploaded = join(uploadedSlugs(home), slug.id);
      if (await stat(uploaded).catch(() => null)) return createReadStream(uploaded);
      return zipped(await engines.pack(slug.artifact as Artifact));
    },
  };
}

function zipped(archive: Readable): Readable {
  // An error of the archive destroys the zipped stream too, and so the client's connection.
  return pipeline(archive, createGzip({ level: FASTEST }), () => undefined);
}

function assertProcessTypes(types: Readonly<Record<string, string>>): void {
  const entries = Object.entries(types);
  if (entries.length > MAX_TYPES)
    throw new TfkError('invalid_params', `process_types has more than ${MAX_TYPES} types.`);
  for (const [type, command] of entries) {
    if (isProcessType(type) && command.trim() !== '' && !command.includes('\0')) continue;
    throw new TfkError(
      'invalid_params',
      `process_types: ${JSON.stringify(type.slice(0, 80))} is no process type with a command. Nothing was made.`,
      { hint: 'A type is up to 63 letters, digits, - and _, as in {"web": "node server.js"}.' },
    );
  }
}

function assertChecksum(checksum: string | null): void {
  if (checksum === null || /^sha256:[0-9a-f]{64}$/i.test(checksum)) return;
  throw new TfkError('invalid_params', 'checksum is not "SHA256:<hex>". Nothing was made.', {
    hint: 'Make it with: sha256sum slug.tgz',
  });
}
