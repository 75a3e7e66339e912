import { suggest } from '../shared/did-you-mean.js';
import { TfkError } from '../shared/errors.js';

export interface Help {
  readonly word: string;
  readonly candidates: readonly string[];
  readonly otherwise: string;
}

/** With the names that may have been meant. */
export class UnknownName extends TfkError {
  private constructor(
    private readonly kind: string,
    message: string,
    private readonly help: Help,
    suggestions: readonly string[],
  ) {
    const hint = suggestions.length > 0 ? `Did you mean ${suggestions.join(' or ')}?` : help.otherwise;
    super('not_found', message, { resource: kind, hint, suggestions });
  }

  static of(kind: string, message: string, help: Help): UnknownName {
    return new UnknownName(kind, message, help, suggest(help.word, [...new Set(help.candidates)]));
  }

  /** Without the names that whoever asked may not know. */
  among(mayKnow: (name: string) => boolean): UnknownName {
    const candidates = this.help.candidates.filter(mayKnow);
    return UnknownName.of(this.kind, this.message, { ...this.help, candidates });
  }
}
