/** The import directions of docs/architecture.md. A rule is named for what it keeps true. */
const rule = (name, from, to) => ({ name, severity: 'error', from, to });
module.exports = {
  forbidden: [
    // What is imported when a command runs takes no part in loading.
    rule('no-cycles', {}, { circular: true, viaOnly: { dependencyTypesNot: ['dynamic-import'] } }),
    rule('api-is-a-leaf', { path: '^api/' }, { path: '^(cli|daemon|buildpacks|test)/' }),
    rule('cli-talks-only-through-api', { path: '^cli/' }, { path: '^(daemon|buildpacks|test)/' }),
    rule('wire-types-stop-at-http', { path: '^daemon/', pathNot: '^daemon/http/' }, { path: '^api/' }),
    rule(
      'buildpacks-are-pure',
      { path: '^buildpacks/' },
      { path: '^(daemon|cli|api|test)/|dockerode|execa|better-sqlite3|^(node:)?child_process$' },
    ),
    rule(
      'no-buildpack-imports-another',
      { path: '^buildpacks/([^/]+)/' },
      { path: '^buildpacks/[^/]+/', pathNot: '^buildpacks/($1|static-server)/' },
    ),
    // Brought into slugs as it is: what it needs must lie beside it.
    rule(
      'static-server-stands-alone',
      { path: '^buildpacks/static-server/program/' },
      { path: '.', pathNot: '^buildpacks/static-server/program/', dependencyTypesNot: ['core'] },
    ),
    rule(
      'shared-is-a-leaf',
      { path: '^daemon/shared/' },
      { path: '^(api|cli|buildpacks|daemon/(?!shared/))' },
    ),
    rule(
      'tls-knows-nobody',
      { path: '^daemon/tls/' },
      { path: '^(api|cli|buildpacks)/|^daemon/(?!tls/|shared/)' },
    ),
    rule(
      'bottom-layers',
      { path: '^daemon/(store|engines)/' },
      { path: '^daemon/(http|build|release|run|router|logs|addons|webhooks|certs)/|^daemon/main' },
    ),
    rule(
      'store-and-engines-apart',
      { path: '^daemon/(store|engines)/' },
      { path: '^daemon/(store|engines)/', pathNot: '^daemon/$1/' },
    ),
    rule(
      'only-main-picks-an-engine',
      { path: '^daemon/', pathNot: '^daemon/(engines/|main)' },
      { path: '^daemon/engines/[^/]+/' },
    ),
    rule(
      'drains-know-only-the-log',
      { path: '^daemon/drains/' },
      { path: '^daemon/(?!drains/|logs/|store/|shared/)' },
    ),
    rule('run-never-reaches-back', { path: '^daemon/run/' }, { path: '^daemon/(build|release|http)/' }),
    rule('release-never-reaches-back', { path: '^daemon/release/' }, { path: '^daemon/(build|run|http)/' }),
    rule(
      'nobody-imports-http',
      { path: '^daemon/', pathNot: '^daemon/(http/|main)' },
      { path: '^daemon/http/' },
    ),
    rule(
      'router-is-its-own-process',
      { path: '^daemon/router/' },
      { path: '^(api|cli|buildpacks)/|^daemon/(?!router/|shared/)' },
    ),
    rule(
      'router-by-its-control',
      { path: '^daemon/', pathNot: '^daemon/router/' },
      { path: '^daemon/router/(?!control/)' },
    ),
    rule(
      'webhooks-know-only-rows',
      { path: '^daemon/webhooks/' },
      { path: '^daemon/(?!webhooks/|store/|shared/)' },
    ),
    rule(
      'stages-know-no-webhooks',
      { path: '^daemon/', pathNot: '^daemon/(webhooks/|http/|main)' },
      { path: '^daemon/webhooks/' },
    ),
    rule('only-store-touches-sqlite', { pathNot: '^(daemon/store|test)/' }, { path: 'better-sqlite3' }),
    rule(
      'only-docker-touches-dockerode',
      { pathNot: '^(daemon/engines/(docker|swarm)|test)/' },
      { path: 'dockerode' },
    ),
    rule('product-never-imports-tests', { pathNot: '^(test|bench)/' }, { path: '^(test|examples|bench)/' }),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    exclude: '^(dist|examples)/',
    doNotFollow: { path: 'node_modules' },
  },
};
