import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../../shared/atomic-file.js';
import { codeOf } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import { isCertificateSet } from '../control/certificates.js';
import type { CertificateSet } from '../control/protocol.js';
import { parseStateFile, stateFileText } from './state-file.js';

const NO_CERTIFICATES: CertificateSet = { certificates: [] };

/** The last set of certificates on disk, 0600, its private keys sealed: the router serves TLS while tfkd is away. */
export class CertificateFile {
  private saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly logger: Logger,
  ) {}

  /** None where there is no sound file: tfkd sends them all when it is back. */
  async load(): Promise<CertificateSet> {
    try {
      const set = parseStateFile(await readFile(this.path, 'utf8'));
      if (isCertificateSet(set)) return set;
      this.logger.error({ path: this.path }, 'the certificate file is damaged and is not used');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT')
        this.logger.error({ path: this.path, code: codeOf(error) }, 'the certificate file cannot be read');
    }
    return NO_CERTIFICATES;
  }

  /** Resolves when the set would survive a power cut. One after the other, so that the last one called stays. */
  save(set: CertificateSet): Promise<void> {
    const write = (): Promise<void> => writeFileAtomic(this.path, stateFileText(set));
    this.saving = this.saving.then(write, write);
    return this.saving;
  }
}
