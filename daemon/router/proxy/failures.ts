/** What a request ends with when no dyno's answer reaches the client: Heroku's codes, severities and texts. */
export interface Failure {
  readonly code: string;
  readonly desc: string;
  /** What the client is answered, if nothing was sent yet, and what the log line shows. */
  readonly status: number;
  readonly at: 'info' | 'warning' | 'error';
  readonly sock?: 'client' | 'backend';
  readonly cause?: string;
}

const error = (code: string, desc: string, status = 503): Failure => ({ code, desc, status, at: 'error' });

export const FAILURES = {
  H10: error('H10', 'App crashed'),
  H11: error('H11', 'Backlog too deep'),
  H12: error('H12', 'Request timeout'),
  H13: error('H13', 'Connection closed without response'),
  H14: error('H14', 'No web dynos running'),
  H15: error('H15', 'Idle connection'),
  H17: error('H17', 'Poorly formatted HTTP response', 502),
  H18: { ...error('H18', 'Server Request Interrupted'), sock: 'backend' },
  H19: error('H19', 'Backend connection timeout'),
  H20: error('H20', 'App boot timeout'),
  H21: error('H21', 'Backend connection refused'),
  H24: error('H24', 'Forced close'),
  H27: { code: 'H27', desc: 'Client Request Interrupted', status: 499, at: 'warning', sock: 'client' },
  H28: { code: 'H28', desc: 'Client Connection Idle', status: 499, at: 'warning', sock: 'client' },
  H80: { code: 'H80', desc: 'Maintenance mode', status: 503, at: 'info' },
  H81: { code: 'H81', desc: 'Blank app', status: 503, at: 'info' },
  H99: error('H99', 'Platform error'),
} as const satisfies Record<string, Failure>;

/** The app's response broke a limit: `oversized header`, `invalid content length`… */
export function responseRestriction(what: string): Failure {
  return error('H25', `HTTP restriction: ${what}`, 502);
}

/** The client's request is refused by the router itself. */
export function requestError(status: number, cause: string): Failure {
  if (status === 421) return { ...error('H31', 'Misdirected Request', 421), cause };
  return { ...error('H26', 'Request Error', status), cause };
}
