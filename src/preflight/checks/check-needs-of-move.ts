import { checkNeeds } from '../../needs/check-needs.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import type { CheckInput } from '../../needs/need-types.ts';
import { needsInput } from '../../stage/stage-needs.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';
import { pullSecretsOf } from './check-pull-secrets.ts';

/** What the application needs of the cluster that starts it: classes, roles, references, nodes. */
export const checkClusterNeeds: CheckRow = {
  id: 'needs',
  passed: 'The cluster has what the application needs.',
  run: async (context) => {
    const input = inputOf(context);
    if (input === undefined) return [];
    const findings = await checkNeeds(input);
    return findings
      .filter((finding) => isRelevant(finding, context))
      .map(({ level, id, subject, message }) =>
        finding(id, id === 'cannot-check' ? 'unknown' : level, subject, message),
      );
  },
};

// A failback and a failover start what is there already, so the side that starts is compared with itself: what belongs
// to a copy from elsewhere can then not be missing.
const inputOf = ({ input, to, copy, stashed }: CheckContext): CheckInput | undefined => {
  const { signal } = input;
  const destNamespaceObject = to.namespace ?? {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: to.side.namespace },
  };
  if (input.kind !== 'cutover') {
    const objects = to.objects.filter(({ kind, apiVersion }) => kind !== 'Pod' || apiVersion !== 'v1');
    const cluster = to.side.cluster;
    return {
      source: cluster,
      dest: cluster,
      sourceNamespace: to.side.namespace,
      destNamespace: to.side.namespace,
      desired: [...objects, ...stashed],
      sourceObjects: to.objects,
      destObjects: to.objects,
      sourceDiscovery: to.side.discovery,
      destDiscovery: to.side.discovery,
      sourceNamespaceObject: destNamespaceObject,
      destNamespaceObject,
      storageClassMap: new Map(),
      signal,
      strict: true,
    };
  }
  if (copy === undefined || input.source === undefined || input.stageOptions === undefined) return undefined;
  const sides = { source: input.source.cluster, dest: input.dest.cluster, signal };
  return {
    ...needsInput(sides, input.stageOptions, copy),
    desired: copy.prepared.flatMap(({ item }) => item?.content ?? item?.live ?? []),
    strict: true,
  };
};

// Reported when staging; a side that is about to run is no parked copy, and one that ran before has what it had.
const ABOUT_PARKED: ReadonlySet<string> = new Set(['hook-to-parked-service']);
const ABOUT_COPIES: ReadonlySet<string> = new Set([
  'webhook-not-copied',
  'api-service-not-copied',
  'grant-not-copied',
]);

const isRelevant = ({ id, subject }: Finding, context: CheckContext): boolean =>
  !ABOUT_PARKED.has(id) &&
  (context.input.kind === 'cutover' || !ABOUT_COPIES.has(id)) &&
  // Pull secrets have a check of their own.
  !(id === 'reference-missing' && pullSecretsOf(context).some(({ name }) => subject === `Secret ${name}`));
