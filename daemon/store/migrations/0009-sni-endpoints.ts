import type { Migration } from './migration.js';

/** Certificates for an app's domains. A domain without one of its own has the app's automatic one, where there is one. */
export const sniEndpoints: Migration = {
  sql: `
CREATE TABLE sni_endpoints (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  name TEXT NOT NULL UNIQUE,
  certificate_chain TEXT NOT NULL,
  private_key_sealed BLOB NOT NULL,
  -- What the certificate says of itself, read when it came in.
  facts_json TEXT NOT NULL,
  -- Issued by this home's own authority, and renewed by tfkd.
  automatic INTEGER NOT NULL CHECK (automatic IN (0, 1)),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sni_endpoints_by_app ON sni_endpoints(app_id, created_at);
CREATE UNIQUE INDEX one_automatic_sni_endpoint ON sni_endpoints(app_id) WHERE automatic = 1;

ALTER TABLE domains ADD COLUMN sni_endpoint_id TEXT REFERENCES sni_endpoints(id) ON DELETE SET NULL;
CREATE INDEX domains_by_sni_endpoint ON domains(sni_endpoint_id);

ALTER TABLE apps ADD COLUMN acm INTEGER NOT NULL DEFAULT 0 CHECK (acm IN (0, 1));
`,
};
