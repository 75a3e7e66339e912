import { TfkError } from '../shared/errors.js';

/**
 * What Heroku's API has and what means nothing on a machine of one's own: where it is, why it is not here, and what to use
 * in its place. A test holds it against Heroku's schema, so that whatever is not served is explained.
 */
interface Elsewhere {
  readonly paths: RegExp;
  /** All, when left out. */
  readonly methods?: readonly string[];
  readonly why: string;
  readonly instead: string;
}

const ELSEWHERE: readonly Elsewhere[] = [
  {
    paths: /^\/(teams|enterprise-accounts)(\/|$)/,
    why: 'Teams mean nothing here: an app has its owner and collaborators.',
    instead: 'Let somebody in: tfk access:add EMAIL -a APP',
  },
  {
    paths: /^\/spaces(\/|$)/,
    why: 'Private spaces mean nothing here: every app runs on this machine.',
    instead: 'On Docker each app has a network of its own: tfk apps:engine docker -a APP',
  },
  {
    paths: /^\/account\/(delinquency|credits|invoices|invoice-address)(\/|$)/,
    why: 'Nothing is billed here: the machine is your own.',
    instead: 'See what it runs: tfk apps',
  },
  {
    paths: /^\/account\/app-transfers(\/|$)/,
    why: 'An app stays with its owner here.',
    instead: 'Let somebody in: tfk access:add EMAIL -a APP',
  },
  {
    paths: /^\/pipeline-transfers(\/|$)/,
    why: 'A pipeline stays with its owner here.',
    instead: 'See whose it is: tfk pipelines:info PIPELINE',
  },
  {
    paths: /^\/(password-resets|users\/[^/]+\/(sms-number|preferences))(\/|$)/,
    why: 'An account here has no password, phone or preferences: a token lets in.',
    instead: 'Make one: tfk auth:token',
  },
  {
    paths: /^\/(account|users\/[^/]+)$/,
    methods: ['PATCH', 'DELETE'],
    why: 'The account is the owner of this home, and stays as it was made.',
    instead: 'Its e-mail address is taken from TFK_EMAIL when the home is new.',
  },
  {
    paths: /^\/oauth\/(clients|tokens)(\/|$)/,
    why: 'No other service lets people in by this API, so there are no OAuth clients.',
    instead: 'For a program of yours, make a token: tfk auth:token',
  },
  {
    paths: /^\/addons\/[^/]+\/actions\/(provision|deprovision)$/,
    why: 'Add-ons are made by this tfkd itself, and have no provider who reports about them.',
    instead: 'See their state: tfk addons',
  },
  {
    paths: /^\/addons\/[^/]+\/config$/,
    methods: ['PATCH'],
    why: 'The settings of an add-on are given when it is made.',
    instead: 'What it gives its app: tfk addons:info ADDON',
  },
  {
    paths: /^\/addons\/[^/]+\/(webhooks|webhook-deliveries|webhook-events)(\/|$)/,
    why: 'Webhooks of add-ons are for their providers; an app’s own webhooks tell of its add-ons too.',
    instead: 'Type: tfk webhooks:add -i api:addon -l sync -u URL -a APP',
  },
  {
    paths: /^\/addons\/[^/]+\/log-drains\/[^/]+$/,
    methods: ['PUT'],
    why: 'Add-ons drain no logs here; an app does.',
    instead: 'Type: tfk drains:add URL -a APP',
  },
  {
    paths:
      /^\/(addon-region-capabilities|addon-services\/[^/]+\/region-capabilities|regions\/[^/]+\/addon-region-capabilities)$/,
    why: 'There is one region, this machine, and every add-on can be had in it.',
    instead: 'See them: tfk addons:services',
  },
  {
    paths: /^\/(generations(\/|$)|teams\/[^/]+\/available-generations$)/,
    why: 'All apps here are of one generation, cedar.',
    instead: 'See an app: tfk apps:info -a APP',
  },
  {
    paths: /^\/(review-apps|test-runs)(\/|$)|^\/apps\/[^/]+\/review-app$/,
    why: 'Review apps and test runs are made by events of GitHub, which do not reach this machine.',
    instead: 'A CI job can push: tfk push -a APP',
  },
  {
    paths:
      /^\/pipelines\/[^/]+\/(review-apps|review-app-config|test-runs(\/[^/]+)?|stage\/[^/]+\/config-vars)$/,
    why: 'Review apps and test runs are made by events of GitHub, which do not reach this machine.',
    instead: 'A CI job can push: tfk push -a APP',
  },
  {
    paths: /^\/telemetry-drains(\/|$)|^\/apps\/[^/]+\/telemetry-drains$/,
    why: 'Telemetry drains belong to Heroku’s Fir generation; log drains are here.',
    instead: 'Type: tfk drains:add URL -a APP',
  },
];

/** Why a request of Heroku's API that no route takes is not served here; undefined where it is none of them. */
export function explained(method: string, path: string): TfkError | undefined {
  const found = ELSEWHERE.find(
    ({ paths, methods }) => paths.test(path) && (methods === undefined || methods.includes(method)),
  );
  return found && new TfkError('not_found', found.why, { resource: 'endpoint', hint: found.instead });
}
